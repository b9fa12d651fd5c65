// Does each list of a big centre answer within three times its time at a hundredth of the size, and is a red press as
// quick at the desk as at an empty centre while the lists are read? All in one run, the sizes one after the other.
import { WebSocket } from 'ws'
import {
  dropFolder,
  makeAlarm,
  makeFolder,
  startCentre,
  TestBox,
  type CentreUnderTest,
} from '../../contract/centre/centre-parts.ts'
import { median, percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { pause, readOptions } from '../options.ts'
import { fillCentre } from './fill-centre.ts'
import { boxAt, villageAt, type TownSize } from './fill-town.ts'

const dayMs = 86_400_000
const timesMax = 3
/** Below this a list is as quick as a request can be, and its ratio says nothing. */
const floorMs = 2

/** A page that is full at the small size as well: pages of different length say nothing of the size. */
const page = 'limit=20'
const words = `limit=5&q=${encodeURIComponent('王家第3户')}`
/** A centre that just started does what was due first. */
const settleMs = 3000

/** Every list of the API; a page has the same number of rows at each size. */
function lists(village: string): Record<string, string> {
  const from = Date.now() - 2 * dayMs
  return {
    'alarms, active': `/api/v1/alarms?state=active&${page}`,
    'alarms, all': `/api/v1/alarms?state=all&${page}`,
    'alarms, words': `/api/v1/alarms?state=all&${words}`,
    'alarms of a village': `/api/v1/alarms?state=all&${page}&village=${village}`,
    'alarms of a kind': `/api/v1/alarms?state=all&${page}&kind=smoke`,
    'cases, open': `/api/v1/cases?${page}`,
    'cases, over': `/api/v1/cases?state=over&${page}`,
    'cases, all': `/api/v1/cases?state=all&${page}`,
    'cases of a village': `/api/v1/cases?state=all&${page}&village=${village}`,
    'cases, words': `/api/v1/cases?state=all&${words}`,
    'events, first page': `/api/v1/events?${page}`,
    'events of a box': `/api/v1/events?${page}&box=${boxAt(0)}`,
    commands: `/api/v1/commands?${page}`,
    'commands of a box': `/api/v1/boxes/${boxAt(0)}/commands?${page}`,
    roster: `/api/v1/roster?${page}`,
    'roster of a village': `/api/v1/roster?limit=5&village=${village}`,
    'on duty': `/api/v1/roster/duty?village=${village}`,
    families: `/api/v1/families?${page}`,
    audit: `/api/v1/audit?${page}`,
    looks: `/api/v1/looks?${page}`,
    security: `/api/v1/security?${page}`,
    shifts: '/api/v1/shifts',
    bulletins: `/api/v1/bulletins?${page}`,
    warnings: '/api/v1/linkages/warnings?state=all',
    registry: '/api/v1/registry?limit=5',
    'ledger of a day': `/api/v1/ledgers?kind=cases&from=${from}&village=${village}`,
    'figures of a village': `/api/v1/figures?from=${from}&village=${village}`,
    'audit of a person': `/api/v1/audit?${page}&who=wang`,
    'audit of a case': `/api/v1/audit?${page}&about=case-1`,
    'looks of an alarm': `/api/v1/looks?${page}&alarm=${boxAt(0)}.a-1`,
    'own account': '/api/v1/me',
  }
}

/** The lists of an operator of one village, in a town of hundreds: the page must be found without reading the town. */
const scopedLists: Record<string, string> = {
  'one village: alarms, active': `/api/v1/alarms?state=active&${page}`,
  'one village: alarms, all': `/api/v1/alarms?state=all&${page}`,
  'one village: cases, open': `/api/v1/cases?${page}`,
  'one village: cases, all': `/api/v1/cases?state=all&${page}`,
  'one village: cases, words': `/api/v1/cases?state=all&${page}&q=${encodeURIComponent('王家')}`,
  'one village: commands': `/api/v1/commands?${page}`,
  'one village: looks': `/api/v1/looks?${page}`,
  'one village: roster': `/api/v1/roster?limit=4`,
  'one village: registry': '/api/v1/registry?limit=5',
}

/** Whole lists, with a line per village by design: their time per village is compared. */
const wholeLists: Record<string, string> = {
  villages: '/api/v1/villages',
  'daily reports': '/api/v1/daily-reports',
  'figures of the town': '/api/v1/figures',
}

interface Request {
  path: string
  token: string
}

async function ask(
  running: CentreUnderTest,
  { path, token }: Request,
): Promise<{ ms: number; rows: number }> {
  const startMs = performance.now()
  const answer = await running.get(path, token)
  const text = await answer.text()
  const ms = performance.now() - startMs
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`)
  // Ledgers are pages that print: their rows are table rows.
  if (answer.headers.get('content-type')?.startsWith('text/html'))
    return { ms, rows: text.split('<tr').length - 1 }
  const longest = Object.values(JSON.parse(text) as object).map((one) =>
    Array.isArray(one) ? one.length : 0,
  )
  return { ms, rows: Math.max(0, ...longest) }
}

function requests(running: CentreUnderTest): Map<string, Request> {
  const village = villageAt(0)
  const admin = running.token('admin', 'bench')
  const scoped = running.token('supervisor', 'keeper', [village])
  const of = (paths: Record<string, string>, token: string): [string, Request][] =>
    Object.entries(paths).map(([name, path]) => [name, { path, token }])
  return new Map([...of(lists(village), admin), ...of(scopedLists, scoped), ...of(wholeLists, admin)])
}

/** Milliseconds from the Report of a red alarm until an open desk hears it. */
class Presses {
  readonly #box: TestBox
  readonly #socket: WebSocket
  readonly ms: number[] = []
  #at = 0
  #heard = new Map<string, () => void>()

  constructor(box: TestBox, socket: WebSocket) {
    this.#box = box
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: { id: string } }
      if (type === 'alarm.raised' && alarm) this.#heard.get(alarm.id)?.()
    })
  }

  async press(): Promise<void> {
    const at = ++this.#at
    const id = `press-${at}`
    const heard = new Promise<void>((resolve) => this.#heard.set(`${this.#box.box}.${id}`, resolve))
    const startMs = performance.now()
    await this.#box.report('red', at, [makeAlarm(at, 'raised', { id, device: `button-${at}` })])
    await heard
    this.ms.push(performance.now() - startMs)
  }

  end(): Promise<void> {
    this.#socket.terminate()
    return this.#box.end()
  }
}

async function openPresses(running: CentreUnderTest): Promise<Presses> {
  const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'press-box').ready()
  const socket = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
    headers: { authorization: `Bearer ${running.token('operator', 'desk')}` },
  })
  await new Promise((resolve) => socket.once('message', resolve))
  return new Presses(box, socket)
}

interface Measured {
  lists: Map<string, { ms: number; rows: number }>
  pressMs: number[]
}

async function timeLists(
  running: CentreUnderTest,
  all: ReadonlyMap<string, Request>,
  rounds: number,
): Promise<Measured['lists']> {
  const found: Measured['lists'] = new Map()
  for (const request of all.values()) await ask(running, request)
  await pause(settleMs)
  for (const [name, request] of all) {
    const { rows } = await ask(running, request)
    const times: number[] = []
    for (let round = 0; round < rounds; round++) times.push((await ask(running, request)).ms)
    found.set(name, { ms: median(times), rows })
  }
  return found
}

async function measure(size: TownSize | undefined, rounds: number, presses: number): Promise<Measured> {
  const folder = makeFolder()
  if (size) {
    const startMs = performance.now()
    fillCentre(folder, size, Date.now())
    console.log(`  ${size.records} records made in ${short((performance.now() - startMs) / 1000)} s`)
  }
  const running = await startCentre(folder)
  try {
    const all = requests(running)
    const found = size
      ? await timeLists(running, all, rounds)
      : new Map<string, { ms: number; rows: number }>()
    const pressing = await openPresses(running)
    for (let i = 0; i < 20; i++) await pressing.press()
    pressing.ms.length = 0
    let isReading = size !== undefined
    const reading = (async () => {
      while (isReading)
        for (const request of all.values()) {
          if (!isReading) return
          await ask(running, request)
        }
    })()
    for (let i = 0; i < presses; i++) {
      await pressing.press()
      await pause(10)
    }
    isReading = false
    await reading
    await pressing.end()
    return { lists: found, pressMs: pressing.ms }
  } finally {
    await running.centre.stop()
    dropFolder(folder)
  }
}

export async function runCentreSize(args: readonly string[]): Promise<void> {
  const options = readOptions(args, {
    records: 1_000_000,
    cases: 20_000,
    villages: 500,
    rounds: 15,
    presses: 300,
  })
  const { records, cases, villages, rounds, presses } = options
  const small = { records: records / 100, cases: cases / 100, villages: Math.max(1, villages / 100) }
  console.log('an empty centre')
  const empty = await measure(undefined, rounds, presses)
  console.log('a hundredth of the size')
  const little = await measure(small, rounds, presses)
  console.log('the whole size')
  const big = await measure({ records, cases, villages }, rounds, presses)
  const rows = [...big.lists].map(([name, now]) => {
    const before = little.lists.get(name) ?? { ms: Number.NaN, rows: 0 }
    const per = name in wholeLists ? villages / small.villages : 1
    const ratio = now.ms / Math.max(before.ms, floorMs) / per
    return { name, before, now, ratio, isKept: ratio <= timesMax }
  })
  printTable(
    `lists: ${records} records, ${cases} cases, ${villages} villages beside a hundredth of each`,
    ['', 'rows', 'small ms', 'rows', 'big ms', 'times', ''],
    rows.map(({ name, before, now, ratio, isKept }) => [
      name,
      String(before.rows),
      short(before.ms),
      String(now.rows),
      short(now.ms),
      short(ratio),
      isKept ? '' : 'BROKEN',
    ]),
  )
  printTable(
    'red press to desk',
    ['', 'p50 ms', 'p99 ms'],
    (
      [
        ['empty centre', empty],
        ['a hundredth, lists read', little],
        ['the whole, lists read', big],
      ] as const
    ).map(([name, { pressMs }]) => [name, short(percentile(pressMs, 0.5)), short(percentile(pressMs, 0.99))]),
  )
  const worst = rows.reduce((a, b) => (b.ratio > a.ratio ? b : a))
  printVerdict(`slowest list (${worst.name}), times its small size`, worst.ratio, worst.isKept, 'at most 3')
}

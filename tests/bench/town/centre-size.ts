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
import { boxAt, fillCentre, villageAt, type TownSize } from './fill-centre.ts'

const dayMs = 86_400_000
const timesMax = 3
/** Below this a list is as quick as a request can be, and its ratio says nothing. */
const floorMs = 2

/** Every list of the API; a page holds the same number of rows at each size. */
function lists(village: string): Record<string, string> {
  const from = Date.now() - 2 * dayMs
  return {
    'alarms, active': '/api/v1/alarms?state=active&limit=50',
    'alarms, all': '/api/v1/alarms?state=all&limit=50',
    'alarms, words': `/api/v1/alarms?state=all&limit=50&q=${encodeURIComponent('王家第3户')}`,
    'alarms of a village': `/api/v1/alarms?state=all&limit=50&village=${village}`,
    'alarms of a kind': '/api/v1/alarms?state=all&limit=50&kind=smoke',
    'cases, open': '/api/v1/cases?limit=50',
    'cases, over': '/api/v1/cases?state=over&limit=50',
    'cases, all': '/api/v1/cases?state=all&limit=50',
    'cases of a village': `/api/v1/cases?state=all&limit=50&village=${village}`,
    'cases, words': `/api/v1/cases?state=all&limit=50&q=${encodeURIComponent('王家第3户')}`,
    'events, first page': '/api/v1/events?limit=100',
    'events of a box': `/api/v1/events?limit=100&box=${boxAt(0)}`,
    commands: '/api/v1/commands?limit=50',
    'commands of a box': `/api/v1/boxes/${boxAt(0)}/commands?limit=20`,
    roster: '/api/v1/roster?limit=50',
    'roster of a village': `/api/v1/roster?limit=5&village=${village}`,
    'on duty': `/api/v1/roster/duty?village=${village}`,
    families: '/api/v1/families?limit=50',
    audit: '/api/v1/audit?limit=50',
    looks: '/api/v1/looks?limit=50',
    security: '/api/v1/security?limit=50',
    shifts: '/api/v1/shifts',
    bulletins: '/api/v1/bulletins?limit=20',
    warnings: '/api/v1/linkages/warnings?state=all',
    registry: '/api/v1/registry?limit=5',
    'ledger of a day': `/api/v1/ledgers?kind=cases&from=${from}&village=${village}`,
    'figures of a village': `/api/v1/figures?from=${from}&village=${village}`,
    'stream position': '/api/v1/me',
  }
}

/** Whole lists, with a line per village by design: their time per village is compared. */
const wholeLists: Record<string, string> = {
  villages: '/api/v1/villages',
  'daily reports': '/api/v1/daily-reports',
}

async function timeOf(running: CentreUnderTest, path: string, token: string): Promise<number> {
  const startMs = performance.now()
  const answer = await running.get(path, token)
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`)
  return performance.now() - startMs
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
  lists: Map<string, number>
  pressMs: number[]
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
    const token = running.token('admin', 'bench')
    const found = new Map<string, number>()
    const all = { ...lists(villageAt(0)), ...wholeLists }
    if (size)
      for (const [name, path] of Object.entries(all)) {
        await timeOf(running, path, token)
        const times: number[] = []
        for (let round = 0; round < rounds; round++) times.push(await timeOf(running, path, token))
        found.set(name, median(times))
      }
    const pressing = await openPresses(running)
    for (let i = 0; i < 20; i++) await pressing.press()
    pressing.ms.length = 0
    let isReading = size !== undefined
    const reading = (async () => {
      while (isReading)
        for (const path of Object.values(all)) {
          if (!isReading) return
          await timeOf(running, path, token)
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
  const rows = [...big.lists].map(([name, ms]) => {
    const before = little.lists.get(name) ?? Number.NaN
    const per = name in wholeLists ? villages / small.villages : 1
    const ratio = ms / Math.max(before, floorMs) / per
    return { name, before, ms, ratio, isKept: ratio <= timesMax }
  })
  printTable(
    `lists: ${records} records, ${cases} cases, ${villages} villages beside a hundredth of each`,
    ['', 'small ms', 'big ms', 'times', ''],
    rows.map(({ name, before, ms, ratio, isKept }) => [
      name,
      short(before),
      short(ms),
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

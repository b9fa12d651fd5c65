// Is a red on the screen of a real desk within 100 ms of the centre's commit, while 5,000 alarms are open and 50 change each second? Does
// the page stay without long tasks, and does its memory stay flat over the changes of a shift of eight hours?
import type { CDPSession, Page } from 'playwright-core'
import { WebSocket } from 'ws'
import { createUser } from '../../../centre/cli/accounts.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { Alarm, AlarmChange } from '../../../protocols/domain/alarm.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { makeAlarm, makeVillages } from '../../browser/desk-alarms.ts'
import { FakeCentre } from '../../browser/fake-centre.ts'
import { launchBrowser, pageFolder } from '../../browser/pages.ts'
import { dropFolder, makeFolder, startCentre, TestBox } from '../../contract/centre/centre-parts.ts'
import { percentile, printTable, printVerdict, short } from '../figures/figures.ts'
import { pause, readOptions } from '../options.ts'

const password = 'open sesame, please'
const boxCount = 10
const redsEvery = 12
const redLivesMs = 2000
const batchSize = 100

/** What the page notes about itself: when each red was on the screen, and its long tasks. */
const watchScript = `
  window.deskLoad = { reds: [], longTasks: [] }
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.deskLoad.longTasks.push([startTime, duration])
  }).observe({ type: 'longtask' })
  const known = new Set()
  const look = (node) => {
    if (!(node instanceof HTMLElement)) return
    const rows = node.matches('[data-alarm].is-red') ? [node] : [...node.querySelectorAll('[data-alarm].is-red')]
    for (const row of rows) {
      const id = row.dataset.alarm
      if (known.has(id)) continue
      known.add(id)
      // The frame with the row is painted before a task that is queued in it.
      requestAnimationFrame(() => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => window.deskLoad.reds.push([id, performance.timeOrigin + performance.now()])
        channel.port2.postMessage(0)
      })
    }
  }
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(look)))
    .observe(document, { childList: true, subtree: true })
`

interface Noted {
  reds: [id: string, atMs: number][]
  longTasks: [atMs: number, ms: number][]
}

/** Alarms of ten boxes as their journals have them. */
class Feeder {
  readonly #boxes: TestBox[] = []
  readonly #lanes = new Map<string, number>()
  /** Open yellow alarms, the oldest first. */
  readonly open: { box: number; alarm: Alarm }[] = []
  #sequence = 0
  #made = 0

  async connect(url: string): Promise<void> {
    for (let n = 0; n < boxCount; n++) this.#boxes.push(await new TestBox(url, `load-${n}`).ready())
  }
  async end(): Promise<void> {
    for (const box of this.#boxes) await box.end()
  }

  async report(box: number, lane: Lane, changes: readonly [AlarmChange, Alarm][]): Promise<void> {
    const key = `${box} ${lane}`
    const first = (this.#lanes.get(key) ?? 0) + 1
    this.#lanes.set(key, first + changes.length - 1)
    const records = changes.map(([change, alarm]): JournalRecord => {
      this.#sequence += 1
      const time = { sequence: this.#sequence, boot: 1, sinceBootMs: this.#sequence, atMs: Date.now() }
      return { type: 'alarm', ...time, clock: 'synced', change, alarm }
    })
    await this.#boxes[box]?.report(lane, first, records)
  }

  alarm(colour: 'red' | 'yellow'): Alarm {
    this.#made += 1
    const n = this.#made
    return {
      id: `${colour}-${n}`,
      device: `device-${n}`,
      kind: colour === 'red' ? 'sos' : 'device-silent',
      colour,
      latchedColour: colour,
      state: 'unacknowledged',
      occurrences: 1,
      text: { zh: `设备 ${n} 失联`, en: `Device ${n} is silent` },
      place: { zone: `第 ${n % 400} 户 Household ${n % 400}`, household: `${n % 400}`, utcOffsetMin: 480 },
    }
  }

  async fill(count: number): Promise<void> {
    for (let left = count; left > 0; left -= batchSize) {
      const box = ((left / batchSize) % boxCount) | 0
      const made = Array.from({ length: Math.min(batchSize, left) }, () => this.alarm('yellow'))
      for (const alarm of made) this.open.push({ box, alarm })
      await this.report(
        box,
        'yellow',
        made.map((alarm) => ['raised', alarm]),
      )
    }
  }

  /** One change: most are repeats; one of eight ends an alarm and raises another. */
  async change(turn: number): Promise<void> {
    if (turn % 8 === 0) {
      const old = this.open.shift()
      if (!old) return
      const alarm = this.alarm('yellow')
      this.open.push({ box: old.box, alarm })
      await this.report(old.box, 'yellow', [
        ['ended', { ...old.alarm, state: 'normal' }],
        ['raised', alarm],
      ])
      return
    }
    const one = this.open[(turn * 7919) % this.open.length]
    if (!one) return
    one.alarm = { ...one.alarm, occurrences: one.alarm.occurrences + 1 }
    await this.report(one.box, 'yellow', [['repeated', one.alarm]])
  }

  async red(turn: number): Promise<void> {
    const [box, alarm] = [turn % boxCount, this.alarm('red')]
    await this.report(box, 'red', [['raised', alarm]])
    setTimeout(() => void this.report(box, 'red', [['ended', { ...alarm, state: 'normal' }]]), redLivesMs)
  }
}

async function openPage(url: string, secret: string): Promise<{ page: Page; close: () => Promise<void> }> {
  const browser = await launchBrowser()
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1366, height: 768 } })
  await context.addInitScript(watchScript)
  const page = await context.newPage()
  page.setDefaultTimeout(120_000)
  await page.goto(url)
  await page.fill('#user', 'wang')
  await page.fill('#password', secret)
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')
  return { page, close: () => browser.close() }
}

/** A real centre: when each red was stored, by its own row, against when it was painted. */
async function measureReds(open: number, perSecond: number, seconds: number): Promise<void> {
  const folder = makeFolder()
  const options = {
    config: { dataDir: folder, storage: { url: 'sqlite:' } },
    clock: createSystemClock(),
    random: createSystemRandom(),
  }
  const town = await startCentre(folder)
  const feeder = new Feeder()
  let close = (): Promise<void> => Promise.resolve()
  try {
    await createUser(options, { name: 'wang', role: 'operator', password })
    await feeder.connect(town.centre.uplinkUrls[0] ?? '')
    await feeder.fill(open)
    const opened = await openPage(town.centre.httpUrl, password)
    const { page } = opened
    close = opened.close
    await page.waitForSelector(`.count:has-text("${open}")`)
    const storedAtMs = new Map<string, number>()
    const token = town.token('auditor', 'load')
    const stream = new WebSocket(`${town.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
      headers: { authorization: `Bearer ${token}` },
    })
    stream.on('message', (data: Buffer) => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: DeskAlarm }
      if (alarm?.colour === 'red' && type === 'alarm.raised') storedAtMs.set(alarm.id, alarm.receivedAtMs)
    })
    await pause(5000)
    await page.evaluate('window.deskLoad.reds.length = window.deskLoad.longTasks.length = 0')
    const startMs = performance.now()
    const running: Promise<void>[] = []
    for (let turn = 0; turn < perSecond * seconds; turn++) {
      running.push(turn % redsEvery === 0 ? feeder.red(turn / redsEvery) : feeder.change(turn))
      await pause(Math.max(0, startMs + ((turn + 1) * 1000) / perSecond - performance.now()))
    }
    await Promise.all(running)
    await pause(2000)
    const { reds, longTasks } = await page.evaluate<Noted>('window.deskLoad')
    stream.terminate()
    printReds(reds, longTasks, storedAtMs, { open, perSecond, seconds })
  } finally {
    await close()
    await feeder.end()
    await town.centre.stop()
    dropFolder(folder)
  }
}

function printReds(
  reds: Noted['reds'],
  longTasks: Noted['longTasks'],
  storedAtMs: ReadonlyMap<string, number>,
  { open, perSecond, seconds }: { open: number; perSecond: number; seconds: number },
): void {
  const waits = reds.flatMap(([id, atMs]) => {
    const stored = storedAtMs.get(id)
    return stored === undefined ? [] : [atMs - stored]
  })
  const tasks = longTasks.map(([, ms]) => ms)
  const row = (name: string, values: readonly number[]): string[] => [
    name,
    `${values.length}`,
    ...[0.5, 0.9, 0.99, 1].map((share) => short(percentile(values, share))),
  ]
  printTable(
    `desk-load: ${open} open alarms, ${perSecond} changes a second for ${seconds} s, Chromium on this machine`,
    ['', 'count', 'p50', 'p90', 'p99', 'most'],
    [row('commit to painted red, ms', waits), row('long tasks, ms', tasks)],
  )
  const p99 = percentile(waits, 0.99)
  printVerdict(`red on the screen, p99 of ${waits.length}, ms`, p99, p99 <= 100, '100')
  const missed = storedAtMs.size - waits.length
  printVerdict('reds that never stood on the screen', missed, missed === 0, '0')
  const most = tasks.length === 0 ? 0 : Math.max(...tasks)
  printVerdict('longest task, ms', most, most <= 50, '50')
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024

async function heapOf(cdp: CDPSession): Promise<{ heap: number; nodes: number; listeners: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN
  return { heap: megabytes(of('JSHeapUsedSize')), nodes: of('Nodes'), listeners: of('JSEventListeners') }
}

/** The changes of eight hours, sent as fast as the page takes them. */
async function measureMemory(open: number, perSecond: number, hours: number): Promise<void> {
  const centre = new FakeCentre(pageFolder('desk'))
  const url = await centre.start()
  centre.villages = makeVillages(Date.now())
  const alarms: DeskAlarm[] = []
  const raise = (): DeskAlarm => {
    const alarm = makeAlarm('yellow', 'device-silent', Date.now(), { stage: 'seen' })
    alarms.push(alarm)
    return alarm
  }
  for (let n = 0; n < open; n++) {
    const alarm = raise()
    centre.alarms.set(alarm.id, alarm)
  }
  const { page, close } = await openPage(url, 'open sesame')
  try {
    await page.waitForSelector(`.count:has-text("${open}")`)
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const rows: string[][] = []
    const heaps: number[] = []
    for (let hour = 0; hour <= hours; hour++) {
      if (hour > 0) await playHour(centre, alarms, raise, page, perSecond * 3600)
      const { heap, nodes, listeners } = await heapOf(cdp)
      heaps.push(heap)
      rows.push([`${hour} h`, short(heap), `${nodes}`, `${listeners}`])
    }
    printTable(
      `desk-load: the page after ${hours} h of ${perSecond} changes a second, after garbage collection`,
      ['', 'heap MB', 'nodes', 'listeners'],
      rows,
    )
    // The first hour fills what has a bound: shelves of commands, places of rows, compiled code.
    const grown = (heaps.at(-1) ?? 0) - (heaps[1] ?? 0)
    printVerdict('growth of the heap after the first hour, MB', grown, grown <= 5, '5')
  } finally {
    await close()
    await centre.stop()
  }
}

async function playHour(
  centre: FakeCentre,
  alarms: DeskAlarm[],
  raise: () => DeskAlarm,
  page: Page,
  changes: number,
): Promise<void> {
  for (let turn = 0; turn < changes; turn++) {
    if (turn % 8 === 0) {
      const old = alarms.shift()
      if (old) centre.put('ended', { ...old, state: 'normal' })
      centre.put('raised', raise())
    } else {
      const at = (turn * 7919) % alarms.length
      const one = alarms[at]
      if (!one) continue
      const again = { ...one, occurrences: one.occurrences + 1, againReceivedAtMs: Date.now() }
      alarms[at] = again
      centre.put('repeated', again)
    }
    // The page answers when it has worked through what was sent.
    if (turn % 2000 === 1999) await page.evaluate('new Promise((resolve) => setTimeout(resolve, 0))')
  }
}

export async function runDeskLoad(args: readonly string[]): Promise<void> {
  const { open, perSecond, seconds, hours } = readOptions(args, {
    open: 5000,
    perSecond: 50,
    seconds: 60,
    hours: 8,
  })
  if (seconds > 0) await measureReds(open, perSecond, seconds)
  if (hours > 0) await measureMemory(open, perSecond, hours)
}

// A real centre with a map, a plan, tiles, a gauge and people, and the real desk signed in to it: for tests of the pages behind the queue.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { createUser } from '../../../centre/cli/accounts.ts'
import type { Role } from '../../../protocols/desk/api.ts'
import type { Alarm } from '../../../protocols/domain/alarm.ts'
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import type { Colour, Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import {
  dropFolder,
  makeFolder,
  startCentre,
  TestBox,
  type CentreUnderTest,
} from '../../contract/centre/centre-parts.ts'
import { drawPlan } from '../../kits/map/draw-png.ts'
import { pmtilesFile, tilesAround } from '../../kits/map/pmtiles-file.ts'

const require = createRequire(import.meta.url)
const password = 'open sesame, please'
/** A town in the delta; the tiles are drawn in GCJ-02, as bought ones are. */
const middle = { lat: 32.011, lon: 120.862 }
export const upper = '320612104201'
export const lower = '320612104202'
export const stone = 'stone-bridge-1'

const plan = (folder: string): string => {
  const file = join(folder, 'plan.png')
  writeFileSync(file, drawPlan())
  return file
}

function mapSettings(folder: string): object {
  const tiles = join(folder, 'town.pmtiles')
  const { lat, lon } = middle
  writeFileSync(tiles, pmtilesFile(tilesAround(lat, lon, [12, 13, 14, 15], 5)))
  const at = (north: number, east: number) => ({ lat: lat + north, lon: lon + east, system: 'gcj-02' })
  const corners = {
    north: lat + 0.004,
    south: lat - 0.004,
    west: lon - 0.008,
    east: lon + 0.006,
    system: 'gcj-02',
  }
  return {
    tiles: { file: tiles, system: 'gcj-02', note: '测绘 © 示例 Example survey' },
    villages: [
      { id: upper, at: at(0, 0), plan: { file: plan(folder), corners } },
      { id: lower, at: at(0.012, 0.02), plan: { file: plan(folder) } },
      { id: stone, at: at(-0.011, -0.018) },
    ],
  }
}

const boxNames: [id: string, name: string][] = [
  [`${upper}-1`, '上河村 Upper River'],
  [`${lower}-1`, '下河村 Lower River'],
  [stone, '石桥村 Stone Bridge'],
]
const zones = [
  { id: 'wang', name: '王奶奶家 Granny Wang', plan: { x: 0.31, y: 0.43 } },
  { id: 'dam', name: '南溪水闸 South sluice', grade: 'strict', plan: { x: 0.72, y: 0.74 } },
  { id: 'hall', name: '祠堂 Hall', plan: { x: 0.52, y: 0.55 } },
]
const devices = [
  { id: 'button-1', name: '床头按钮 Bedside button', kind: 'button', zone: 'wang' },
  { id: 'smoke-1', name: '厨房烟感 Kitchen smoke', kind: 'smoke', zone: 'wang' },
  {
    id: 'gauge-1',
    name: '南溪水位计 South creek gauge',
    kind: 'water',
    zone: 'dam',
    plan: { x: 0.75, y: 0.76 },
    stages: [
      { stage: 'near-warning', mm: 2600 },
      { stage: 'warning', mm: 3000 },
      { stage: 'guarantee', mm: 3500 },
      { stage: 'historic', mm: 4200 },
    ],
  },
  { id: 'door-1', name: '祠堂门磁 Hall door', kind: 'contact', zone: 'hall' },
  { id: 'siren-1', name: '晒谷场警号 Yard siren', kind: 'siren', zone: 'hall' },
  { id: 'cam-dam', name: '水闸摄像机 Sluice camera', kind: 'camera', zone: 'dam' },
  { id: 'cam-hall', name: '祠堂摄像机 Hall camera', kind: 'camera', zone: 'hall' },
  { id: 'stray-1', name: '库存按钮 Spare button', kind: 'button' },
]

export interface TownDesk {
  town: CentreUnderTest
  boxes: readonly TestBox[]
  /** The alarm as a box reports it; answers its id at the desk. */
  raise: (box: number, colour: Colour, part: Partial<Alarm>) => Promise<string>
  /** The alarm with this id at the box is over. */
  end: (box: number, lane: Colour, id: string, part: Partial<Alarm>) => Promise<void>
  /** Records of the routine lane. */
  send: (box: number, records: readonly JournalRecord[]) => Promise<void>
  time: () => { sequence: number; boot: number; sinceBootMs: number; atMs: number; clock: 'synced' }
  stop: () => Promise<void>
}

const users: [name: string, role: Role][] = [
  ['wang', 'operator'],
  ['zhao', 'supervisor'],
  ['root', 'admin'],
  ['wall', 'auditor'],
]

export async function startTownDesk(): Promise<TownDesk> {
  const folder = makeFolder()
  const options = {
    config: { dataDir: folder, storage: { url: 'sqlite:' } },
    clock: createSystemClock(),
    random: createSystemRandom(),
  }
  const divisions = [
    { code: upper, name: '上河村 Upper River' },
    { code: lower, name: '下河村 Lower River' },
  ]
  const config = {
    boxes: boxNames.map(([id, name]) => ({ id, name })),
    divisions,
    map: mapSettings(folder),
  }
  const town = await startCentre(folder, { config })
  for (const [name, role] of users) await createUser(options, { name, role, password })
  const [url = ''] = town.centre.uplinkUrls
  const boxes: TestBox[] = []
  for (const [id] of boxNames) boxes.push(await new TestBox(url, id).ready())
  let sequence = 0
  const numbers = new Map<string, number>()
  const time = () => {
    sequence += 1
    return { sequence, boot: 1, sinceBootMs: sequence * 10, atMs: Date.now(), clock: 'synced' as const }
  }
  const report = async (box: number, lane: Lane, records: readonly JournalRecord[]): Promise<void> => {
    const key = `${box} ${lane}`
    const first = (numbers.get(key) ?? 0) + 1
    numbers.set(key, first + records.length - 1)
    await boxes[box]?.report(lane, first, records)
  }
  for (const box of [0, 1])
    await report(box, 'routine', [
      {
        type: 'log',
        ...time(),
        what: 'village-list',
        facts: { hash: '0123456789abcdef', part: 1, parts: 1, zones, devices },
      },
    ])
  function makeAlarm(at: { sequence: number }, colour: Colour, part: Partial<Alarm>): Alarm {
    const kind = part.kind ?? 'sos'
    const { name, guidance } = alarmTable[kind]
    const where = part.place?.zone ?? ''
    return {
      id: `a${at.sequence}`,
      device: 'button-1',
      kind,
      colour,
      latchedColour: colour,
      state: 'unacknowledged',
      occurrences: 1,
      text: {
        zh: `${name.zh}：${where}。处置：${guidance.zh}`,
        en: `${name.en}: ${where}. Do: ${guidance.en}`,
      },
      ...part,
    }
  }
  const raise: TownDesk['raise'] = async (box, colour, part) => {
    const at = time()
    const alarm = makeAlarm(at, colour, part)
    await report(box, colour, [{ type: 'alarm', ...at, change: 'raised', alarm }])
    return `${boxNames[box]?.[0]}.${alarm.id}`
  }
  return {
    town,
    boxes,
    raise,
    end: async (box, lane, id, part) => {
      const at = time()
      const alarm = { ...makeAlarm(at, lane, part), id, state: 'normal' as const }
      await report(box, lane, [{ type: 'alarm', ...at, change: 'ended', alarm }])
    },
    time,
    send: (box, records) => report(box, 'routine', records),
    stop: async () => {
      for (const box of boxes) await box.end()
      await town.centre.stop()
      dropFolder(folder)
    },
  }
}

export interface DeskView {
  user?: string
  language?: 'zh' | 'en'
  theme?: 'light' | 'dark'
  width?: number
  height?: number
  /** Of the browser; the machine's own by default. */
  timeZone?: string
}

/** The desk, signed in; what the browser complains about is collected. */
export async function openDesk(
  browser: Browser,
  { town }: Pick<TownDesk, 'town'>,
  view: DeskView,
  complaints: string[] = [],
): Promise<Page> {
  const { user = 'zhao', language = 'en', theme = 'light', width = 1366, height = 768 } = view
  const context = await browser.newContext({
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: theme,
    viewport: { width, height },
    ...(view.timeZone === undefined ? {} : { timezoneId: view.timeZone }),
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) complaints.push(line.text())
  })
  await page.goto(`${town.centre.httpUrl}/`)
  await page.fill('#user', user)
  await page.fill('#password', password)
  await page.press('#password', 'Enter')
  await page.waitForSelector('.link.is-live')
  return page
}

export const goTo = async (page: Page, hash: string, selector: string): Promise<void> => {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await page.waitForSelector(selector)
}

/** What axe-core finds serious on the page. */
export function findBarriers(page: Page): Promise<string[]> {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
  return page.evaluate<string[]>(
    `(async () => { ${axe}; const { violations } = await axe.run(document, { resultTypes: ['violations'] });
      return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ' ' + nodes[0].target + ' ' + nodes[0].failureSummary) })()`,
  )
}

/** A gauge that has risen for some hours, newest last. */
export function risingLevels(
  time: TownDesk['time'],
  hours: number,
  fromMm: number,
  toMm: number,
): JournalRecord[] {
  const steps = hours * 4
  return Array.from({ length: steps }, (_, at) => {
    const share = at / (steps - 1)
    const level = Math.round(fromMm + (toMm - fromMm) * share * share)
    const stamp = time()
    return {
      type: 'event' as const,
      ...stamp,
      atMs: stamp.atMs - (steps - 1 - at) * 15 * 60_000,
      device: 'gauge-1',
      messageId: `g-${stamp.sequence}`,
      readings: { waterLevelMm: level, batteryPercent: 81 },
    }
  })
}

/** An evening: a call, a rising creek, a door, and a battery that chatters. */
export async function fillTownDesk(desk: TownDesk): Promise<{ sos: string; water: string }> {
  const utcOffsetMin = 480
  const [wang, dam, hall] = zones.map(({ name, plan: spot }) => ({ zone: name, plan: spot, utcOffsetMin }))
  const sos = await desk.raise(0, 'red', {
    zone: 'wang',
    place: { ...wang, household: '12', device: '床头按钮 Bedside button', grid: '3-7' },
  })
  await desk.send(0, risingLevels(desk.time, 12, 1500, 3120))
  const gauge = { kind: 'water', variant: 'warning', device: 'gauge-1', zone: 'dam' } as const
  const water = await desk.raise(0, 'yellow', {
    ...gauge,
    place: { ...dam, device: '南溪水位计 South creek gauge' },
  })
  await desk.raise(1, 'orange', {
    kind: 'intrusion',
    device: 'door-1',
    zone: 'hall',
    place: { ...hall, device: '祠堂门磁 Hall door' },
  })
  await desk.raise(1, 'blue', {
    kind: 'device-battery-low',
    device: 'smoke-1',
    zone: 'wang',
    place: { ...wang, device: '厨房烟感 Kitchen smoke' },
    occurrences: 14,
  })
  return { sos, water }
}

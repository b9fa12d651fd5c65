// Does an upstream gauge warn the villages below it, does a bulletin come back with a receipt per device, and does the
// registry list divisions, zones, devices and contacts?
import { connect, type MqttClient } from 'mqtt'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test, vi, onTestFinished } from 'vitest'
import { addBulletin } from '../../../../centre/cli/bulletin.ts'
import { parseCentreConfig } from '../../../../centre/config/config.ts'
import type { AlarmsAnswer, DeskAlarm } from '../../../../protocols/desk/api.ts'
import type {
  Bulletin,
  BulletinAnswer,
  BulletinsAnswer,
} from '../../../../protocols/desk/villages/bulletins.ts'
import type { CaseAnswer } from '../../../../protocols/desk/cases.ts'
import type {
  LinkagesAnswer,
  LinkageWarning,
  WarningsAnswer,
} from '../../../../protocols/desk/villages/linkages.ts'
import type { RegistryAnswer } from '../../../../protocols/desk/villages/registry.ts'
import type { Alarm, AlarmChange } from '../../../../protocols/domain/alarm.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'
import { encodeJson, parseCentreCommand } from '../../../../protocols/uplink/codec.ts'
import type { CentreCommand } from '../../../../protocols/uplink/command.ts'
import { cutVillageList, villageList } from '../../../../protocols/uplink/village-list.ts'
import { createSteppedClock } from '../../../kits/system/box-in-process.ts'
import { dropFolder, makeAlarm, makeEvent, makeFolder, startCentre, TestBox, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

const [upper, lower, far] = ['320612104201', '320612104202', '320612205301'] as const
const clock = createSteppedClock()
let folder: string
let running: CentreUnderTest
let boxes: Record<string, TestBox> = {}
let listener: MqttClient
const heard: CentreCommand[] = []
let lead: string
let sequence = 0

const config = {
  divisions: [
    { code: '320612', name: '通州区' },
    { code: lower, name: '下溪村' },
  ],
}
const open = async (): Promise<void> => {
  running = await startCentre(folder, { config, clock })
  const [url = ''] = running.centre.uplinkUrls
  boxes = Object.fromEntries(
    await Promise.all(
      [upper, lower, far].map(
        async (village) => [village, await new TestBox(url, `${village}-1`).ready()] as const,
      ),
    ),
  )
  lead = running.token('supervisor', 'chief')
  listener = connect(url, { clientId: `${lower}-2`, reconnectPeriod: 0 })
  listener.on('error', () => undefined)
  listener.on('message', (_topic, payload) => {
    const command = parseCentreCommand(payload)
    if (command.ok) heard.push(command.value)
  })
  await listener.subscribeAsync(`down/${lower}-2/command`, { qos: 1 })
}
const close = async (): Promise<void> => {
  await listener.endAsync(true)
  for (const box of Object.values(boxes)) await box.end()
  await running.centre.stop()
}
beforeAll(async () => {
  folder = makeFolder()
  await open()
  for (const box of Object.values(boxes)) await box.report('blue', 1, [makeEvent(1)])
  await listener.publishAsync(
    `up/${lower}-2/blue`,
    Buffer.from(encodeJson({ v: 1, epoch: 'abcd1234', lane: 'blue', first: 1, records: [makeEvent(1)] })),
    { qos: 1 },
  )
})
afterAll(async () => {
  await close()
  dropFolder(folder)
})

const read = async <T>(path: string, token = lead): Promise<T> =>
  (await (await running.get(path, token)).json()) as T
const numbers = new Map<string, number>()
/** A water alarm of a village's gauge in this colour. */
async function water(
  village: string,
  change: AlarmChange,
  colour: 'orange' | 'yellow' | 'red',
  part: Partial<Alarm> = {},
): Promise<void> {
  sequence++
  const key = `${village} ${colour}`
  const number = (numbers.get(key) ?? 0) + 1
  numbers.set(key, number)
  const gauge = { id: `water-${village.slice(-1)}`, device: 'gauge-1', kind: 'water', colour } as const
  const record = makeAlarm(sequence + 1, change, { ...gauge, latchedColour: colour, ...part })
  await boxes[village]?.report(colour, number, [record])
}
const warnings = async (state: 'open' | 'all' = 'open', token = lead): Promise<LinkageWarning[]> =>
  (await read<WarningsAnswer>(`/api/v1/linkages/warnings?state=${state}`, token)).warnings
const ownAlarms = async (token = lead): Promise<DeskAlarm[]> =>
  (await read<AlarmsAnswer>('/api/v1/alarms?state=all&kind=upstream-water', token)).alarms
const rules = [
  {
    id: 'brook',
    from: { place: upper, device: 'gauge-1' },
    to: [{ village: lower, minutes: 40 }, { village: far }],
    text: '上游 {from} 涨水，约 {minutes} 分钟后到达，请离开河边。',
  },
]

test('refuses a linkage to a village that is not there, and one id twice', async () => {
  const wrong = [{ ...rules[0], to: [{ village: '320612104999', minutes: 1 }] }]
  expect((await running.post('/api/v1/linkages', lead, { linkages: wrong })).status).toBe(404)
  expect((await running.post('/api/v1/linkages', lead, { linkages: [rules[0], rules[0]] })).status).toBe(400)
})

test('a gauge at orange warns each village below with its travel time: an alarm, a case and a bulletin, once', async () => {
  const put = await running.post('/api/v1/linkages', lead, { linkages: rules })
  expect((await put.json()) as LinkagesAnswer).toMatchObject({ version: 1, linkages: [{ id: 'brook' }] })
  await water(upper, 'raised', 'yellow')
  await water(upper, 'escalated', 'orange')
  const made = await until(async () => {
    const found = await warnings()
    return found.length === 2 ? found : undefined
  })
  const [toLower, toFar] = [lower, far].map((village) => made.find((one) => one.village === village))
  expect(toLower).toMatchObject({ linkage: 'brook', colour: 'orange', minutes: 40 })
  expect((toLower?.expectedAtMs ?? 0) - (toLower?.raisedAtMs ?? 0)).toBe(40 * 60_000)
  expect(toFar?.minutes).toBeUndefined()
  // The same record again, and one more of the same colour, raise no further warning.
  await water(upper, 'repeated', 'orange')
  expect(await warnings('all')).toHaveLength(2)
  const alarms = await ownAlarms()
  expect(alarms.map(({ box }) => box).sort()).toEqual([`${lower}-1`, `${far}-1`])
  const { case: item } = await read<CaseAnswer>(`/api/v1/alarms/${toLower?.alarm}/case`)
  expect(item).toMatchObject({ village: lower, colour: 'orange', state: 'open' })
  expect(item.title.en).toContain('about 40 min')
  const said = await until(() => heard.find((command) => command.do === 'bulletin'))
  expect(said.text).toBe(`上游 ${upper}-1 涨水，约 40 分钟后到达，请离开河边。`)
  expect(said.by).toBe('linkage:brook')
})

test('each device of the bulletin has its receipt, and the warning names the bulletin', async () => {
  const [said] = heard
  const result = { v: 1, id: said?.id, atMs: 1, clock: 'synced', state: 'done', reached: ['horn-1'] }
  await listener.publishAsync(
    `up/${lower}-2/result`,
    Buffer.from(encodeJson({ ...result, missed: ['sign-1'], names: { 'horn-1': '村口喇叭' } })),
    { qos: 1 },
  )
  const bulletin = await until(async () => {
    const id = (await warnings()).find(({ village }) => village === lower)?.bulletin
    const found = id && (await read<BulletinAnswer>(`/api/v1/bulletins/${id}`)).bulletin
    return found && found.boxes.some(({ state }) => state === 'done') ? found : undefined
  })
  expect(bulletin.boxes.find(({ box }) => box === `${lower}-2`)?.devices).toEqual([
    { device: 'sign-1', state: 'missed' },
    { device: 'horn-1', name: '村口喇叭', state: 'done' },
  ])
  // The other box of the village has not answered yet.
  expect(bulletin.boxes.find(({ box }) => box === `${lower}-1`)?.devices).toEqual([])
})

test('the warning follows the colour, notes when the water is there, and learns the travel time from it', async () => {
  await water(upper, 'escalated', 'red')
  await until(async () => (await ownAlarms()).every(({ colour }) => colour === 'red'))
  clock.offsetMs += 90 * 60_000
  await water(far, 'raised', 'yellow')
  await until(async () => (await warnings()).find(({ village }) => village === far)?.arrivedAtMs)
  const { learned } = await read<LinkagesAnswer>('/api/v1/linkages')
  expect(learned).toMatchObject([{ linkage: 'brook', village: far, arrivals: 1 }])
  // 90, and the minutes that this test itself has taken.
  expect(learned[0]?.minutes).toBeGreaterThanOrEqual(90)
})

test('a warning ends once the gauge is down and the travel time has passed, also across a restart', async () => {
  await water(upper, 'ended', 'red', { state: 'normal', colour: 'yellow' })
  await until(async () => (await warnings()).every(({ sourceOverAtMs }) => sourceOverAtMs !== undefined))
  expect((await ownAlarms()).every(({ state }) => state !== 'normal')).toBe(true)
  await close()
  clock.offsetMs += 41 * 60_000
  await open()
  await until(async () => (await warnings()).every(({ village }) => village === far))
  const [ended] = (await ownAlarms()).filter(({ box }) => box === `${lower}-1`)
  expect(ended?.state).toBe('normal')
  // Without a known travel time, the warning stays active for longer.
  expect(await warnings()).toHaveLength(1)
  clock.offsetMs += 100 * 60_000
  await until(async () => (await warnings()).length === 0)
})

test('a drill upstream is a drill downstream, and makes no bulletin', async () => {
  const before = (await read<BulletinsAnswer>('/api/v1/bulletins')).bulletins.length
  await water(upper, 'raised', 'orange', { id: 'drill-1', isDrill: true })
  const found = await until(async () => {
    const made = await warnings()
    return made.length === 2 ? made : undefined
  })
  expect(found.every(({ isDrill }) => isDrill)).toBe(true)
  expect((await ownAlarms()).filter(({ isDrill }) => isDrill)).toHaveLength(2)
  // When the drill and the travel time are over, the warnings end.
  await water(upper, 'ended', 'orange', { id: 'drill-1', isDrill: true, state: 'normal' })
  clock.offsetMs += 130 * 60_000
  await until(async () => (await warnings()).length === 0)
  expect((await read<BulletinsAnswer>('/api/v1/bulletins')).bulletins).toHaveLength(before)
})

test('a box that invents alarms upstream warns a village once, and the warning stands while one of them is high', async () => {
  const bulletins = async (): Promise<number> =>
    (await read<BulletinsAnswer>('/api/v1/bulletins')).bulletins.length
  const [before, alarmsBefore] = [await bulletins(), (await ownAlarms()).length]
  await water(upper, 'raised', 'orange', { id: 'drill-2', isDrill: true })
  for (let at = 0; at < 40; at++) await water(upper, 'raised', 'orange', { id: `invented-${at}` })
  await water(upper, 'raised', 'red', { id: 'invented-red' })
  const real = async (): Promise<LinkageWarning[]> => (await warnings()).filter(({ isDrill }) => !isDrill)
  // An active drill does not hide a real warning.
  const made = await until(async () => {
    const found = await real()
    return found.length > 0 && found.every(({ colour }) => colour === 'red') ? found : undefined
  })
  expect(made.map(({ village }) => village).sort()).toEqual([lower, far].sort())
  expect(made[0]?.others?.length).toBeLessThanOrEqual(20)
  await until(async () => (await bulletins()) >= before + 2)
  expect([await bulletins(), (await ownAlarms()).length]).toEqual([before + 2, alarmsBefore + 4])
  // The most urgent alarm has ended and the others are still high: its water is on the way until the travel time is over.
  await water(upper, 'ended', 'red', { id: 'invented-red', state: 'normal' })
  await until(async () => (await real()).every(({ fellAtMs }) => fellAtMs?.red !== undefined))
  expect((await real()).every(({ colour }) => colour === 'red')).toBe(true)
  clock.offsetMs += 130 * 60_000
  await until(async () => (await real()).every(({ colour }) => colour === 'orange'))
  expect((await real()).every(({ sourceOverAtMs }) => sourceOverAtMs === undefined)).toBe(true)
  // All alarms in the list of the warning have ended; one that had no room in the list is still high.
  for (let at = 0; at < 39; at++)
    await water(upper, 'ended', 'orange', { id: `invented-${at}`, state: 'normal' })
  await water(upper, 'repeated', 'orange', { id: 'drill-2', isDrill: true })
  const over = async (): Promise<(number | undefined)[]> => (await real()).map((one) => one.sourceOverAtMs)
  expect(await over()).toEqual([undefined, undefined])
  await water(upper, 'ended', 'orange', { id: 'invented-39', state: 'normal' })
  await water(upper, 'ended', 'orange', { id: 'drill-2', isDrill: true, state: 'normal' })
  await until(async () => (await warnings()).every(({ sourceOverAtMs }) => sourceOverAtMs !== undefined))
  clock.offsetMs += 130 * 60_000
  await until(async () => (await warnings()).length === 0)
  expect(await bulletins()).toBe(before + 2)
})

test('a bulletin goes to every box of the chosen villages and to no other', async () => {
  const body = { text: '明早停水', villages: [lower], why: 'works' }
  const asked = await running.post('/api/v1/bulletins', running.token('operator', 'li'), body)
  const { bulletin } = (await asked.json()) as BulletinAnswer
  expect(bulletin.boxes.map(({ box }) => box)).toEqual([`${lower}-1`, `${lower}-2`])
  const said = await until(() => heard.find(({ text }) => text === '明早停水'))
  expect(said).toMatchObject({ do: 'bulletin', by: 'token:li', why: 'works', seconds: 600 })
  for (const [wrong, status] of [
    [{ ...body, villages: ['320612104999'] }, 404],
    [{ ...body, villages: [] }, 400],
    [{ ...body, text: ' ' }, 400],
    [{ ...body, text: 'a'.repeat(301) }, 400],
  ] as const)
    expect([wrong, (await running.post('/api/v1/bulletins', lead, wrong)).status]).toEqual([wrong, status])
  expect((await running.post('/api/v1/bulletins', running.token('maintainer', 'm'), body)).status).toBe(403)
})

test('the command `bulletin` sends through the running centre, prints a receipt per device, and leaves no token', async () => {
  const centreConfig = parseCentreConfig({
    dataDir: folder,
    http: { host: '127.0.0.1', port: Number(new URL(running.centre.httpUrl).port) },
    uplink: { listeners: [{ host: '127.0.0.1', port: 1 }], anonymous: true },
  })
  if (!centreConfig.ok) throw new Error(JSON.stringify(centreConfig.problems))
  const program = new Command()
  addBulletin(program, () => centreConfig.value)
  const printed: string[] = []
  // The command uses the clock of the machine; in this test the centre does so too.
  const { offsetMs } = clock
  clock.offsetMs = 0
  onTestFinished(() => void (clock.offsetMs = offsetMs))
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  const run = program.parseAsync(
    ['bulletin', '--config', 'x', '--text', '集合', '--villages', lower, '--wait', '0'],
    {
      from: 'user',
    },
  )
  await run.finally(() => spy.mockRestore())
  expect(process.exitCode).toBe(1)
  process.exitCode = 0
  expect(printed.join('')).toContain(`${lower}-2\t`)
  const said = await until(() => heard.find(({ text }) => text === '集合'))
  expect(said.by).toBe('token:bulletin')
  const { tokens } = await read<{ tokens: { name: string }[] }>('/api/v1/tokens', running.token('admin', 'a'))
  expect(tokens.map(({ name }) => name)).not.toContain('bulletin')
  const nowhere = ['bulletin', '--config', 'x', '--text', 'a', '--villages', '320612104999']
  await expect(program.parseAsync(nowhere, { from: 'user' })).rejects.toThrow('320612104999')
})

test('pages of bulletins come newest first, each once', async () => {
  await running.post('/api/v1/bulletins', lead, { text: 'second', villages: [far] })
  const seen: Bulletin[] = []
  let after = ''
  for (;;) {
    const page = await read<BulletinsAnswer>(`/api/v1/bulletins?limit=1${after}`)
    seen.push(...page.bulletins)
    if (page.next === undefined) break
    after = `&after=${page.next}`
  }
  expect(seen[0]?.text).toBe('second')
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
  expect((await running.get('/api/v1/bulletins?after=x', lead)).status).toBe(400)
})

/** Reports the box's list in parts, all but the last `without`. */
async function list(
  village: string,
  first: number,
  hash: string,
  devices: { id: string; kind: string; zone?: string; name?: string }[],
  without = 0,
): Promise<void> {
  const zones = [
    { id: 'school', grade: 'general' as const },
    { id: 'dam', name: '水闸', grade: 'strict' as const },
  ]
  const parts = cutVillageList(hash, zones, devices)
  const records = parts.slice(0, parts.length - without).map((part, at): LogRecord => ({
    ...makeAlarm(1000 + first + at, 'raised'),
    type: 'log',
    sequence: 1000 + first + at,
    what: villageList,
    facts: { ...part },
  }))
  await boxes[village]?.report('routine', first, records)
}

test('the registry names divisions, zones by grade, devices by health, and contacts without numbers', async () => {
  const devices = Array.from({ length: 10 }, (_, at) => ({ id: `door-${at}`, kind: 'contact', zone: 'dam' }))
  await list(lower, 1, '0123456789abcdef', devices)
  await boxes[lower]?.report('yellow', 1, [
    makeAlarm(2000, 'raised', { id: 'b-1', device: 'door-7', kind: 'device-battery-low', colour: 'yellow' }),
  ])
  await running.post('/api/v1/roster', lead, {
    name: '陈网格员',
    role: 'grid-keeper',
    villages: [lower],
    consent: { how: 'paper', atMs: 1 },
    phone: '13800000000',
  })
  const answer = await until(async () => {
    const found = await read<RegistryAnswer>(`/api/v1/registry?under=${lower.slice(0, 9)}`)
    const box = found.villages[1]?.boxes[0]
    return box?.devices.length === 10 && box.devices[0]?.alarms.length === 1 ? found : undefined
  })
  expect(answer.divisions).toMatchObject([
    { code: '32', level: 'province', villages: 2 },
    { code: '3206', level: 'city' },
    { code: '320612', level: 'county', name: '通州区' },
    { code: '320612104', level: 'town', villages: 2 },
  ])
  const [, village] = answer.villages
  expect(village).toMatchObject({ id: lower, name: '下溪村', above: ['320612104', '320612', '3206', '32'] })
  expect(village?.boxes[0]?.zones.map(({ id, grade }) => [id, grade])).toEqual([
    ['dam', 'strict'],
    ['school', 'general'],
  ])
  expect(village?.boxes[0]?.devices[0]).toMatchObject({ id: 'door-7', alarms: ['device-battery-low'] })
  expect(village?.contacts).toMatchObject([{ name: '陈网格员', hasPhone: true, isOnDuty: true }])
  expect(JSON.stringify(answer)).not.toContain('13800000000')
  // An account that may not see the roster gets no contacts.
  const looked = await read<RegistryAnswer>('/api/v1/registry', running.token('maintainer', 'm'))
  expect(looked.villages.every(({ contacts }) => contacts === undefined)).toBe(true)
})

test('a new list replaces the old one only when its last part is there', async () => {
  const devices = Array.from({ length: 10 }, (_, at) => ({ id: `lamp-${at}`, kind: 'lamp' }))
  const there = async (): Promise<string[]> => {
    const { villages } = await read<RegistryAnswer>(`/api/v1/registry?under=${lower}`)
    return villages[0]?.boxes[0]?.devices.map(({ id }) => id) ?? []
  }
  await list(lower, 3, 'fedcba9876543210', devices, 1)
  expect((await there()).some((id) => id.startsWith('door-'))).toBe(true)
  const [, last] = cutVillageList('fedcba9876543210', [{ id: 'a' }, { id: 'b' }], devices)
  const record: LogRecord = {
    ...makeAlarm(1100, 'raised'),
    type: 'log',
    sequence: 1100,
    what: villageList,
    facts: { ...last },
  }
  await boxes[lower]?.report('routine', 4, [record])
  await until(async () => (await there()).every((id) => id.startsWith('lamp-')))
  expect(await there()).toHaveLength(10)
})

test('pages of the registry come in the order of the codes, each village once', async () => {
  const seen: string[] = []
  let after = ''
  for (;;) {
    const page = await read<RegistryAnswer>(`/api/v1/registry?limit=1${after}`)
    seen.push(...page.villages.map(({ id }) => id))
    if (page.next === undefined) break
    after = `&after=${page.next}`
  }
  expect(seen).toEqual([upper, lower, far])
})

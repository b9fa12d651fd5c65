// The rest of a big town's data: people, families, shifts, commands, bulletins, water warnings, looks at pictures, lists of
// devices and the security log.
import type { LaneBatch } from '../../../centre/storage/port.ts'
import type { createWriter } from '../../../centre/storage/sqlite/writer.ts'
import type { LogRecord } from '../../../protocols/domain/record.ts'
import { dailyReport } from '../../../protocols/uplink/daily-report.ts'
import { cutVillageList, villageList } from '../../../protocols/uplink/village-list.ts'
import { makeAlarm } from '../../contract/centre/centre-parts.ts'

export interface TownSize {
  records: number
  cases: number
  villages: number
}
export type Writer = ReturnType<typeof createWriter>

const dayMs = 86_400_000
const dailyDays = 30
const devicesPerBox = 20
const villagesBelow = 2

export const epoch = 'bench123'
export const villageAt = (at: number): string => `320612${104_000 + at}`.padEnd(12, '0')
export const boxAt = (at: number): string => `${villageAt(at)}-1`

export function batchOf(box: string, lane: LaneBatch['lane'], first: number, bodies: string[]): LaneBatch {
  const numbers = bodies.map((_, at) => first + at)
  const common = { alarms: [], clocks: [], pictures: [], origins: [], skipped: [] }
  return {
    box,
    epoch,
    lane,
    numbers,
    sequences: numbers,
    bodies,
    ...common,
    settled: [[1, first + bodies.length - 1]],
  }
}

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

function logOf(sequence: number, what: string, facts: object): LogRecord {
  return { ...makeAlarm(sequence, 'raised'), type: 'log', what, facts } as unknown as LogRecord
}

/** Thirty daily reports and a list of devices from each box. */
function addListings(writer: Writer, villages: number, nowMs: number): void {
  for (let village = 0; village < villages; village++) {
    const days = times(dailyDays, (at) => new Date(nowMs - at * dayMs).toISOString().slice(0, 10))
    const reports = days.map((day, at) =>
      logOf(at + 1, dailyReport, { day, devices: { known: devicesPerBox, present: devicesPerBox - 1 } }),
    )
    const devices = times(devicesPerBox, (at) => ({
      id: `d-${at}`,
      name: `报警器${at}`,
      kind: 'button',
      zone: 'z-1',
    }))
    const parts = cutVillageList('0123456789abcdef', [{ id: 'z-1', name: '王家' }], devices)
    const daily = [...reports, ...parts.map((part, at) => logOf(dailyDays + at + 1, villageList, part))]
    const batch = {
      ...batchOf(
        boxAt(village),
        'picture',
        1,
        daily.map((one) => JSON.stringify(one)),
      ),
      daily,
    }
    writer.storeIntake({ receivedAtMs: nowMs, lanes: [batch], quarantined: [] })
  }
}

function addPeople(writer: Writer, count: number, villages: number, nowMs: number): void {
  for (let at = 0; at < count; at++) {
    writer.putPerson(
      undefined,
      {
        name: `keeper ${at}`,
        role: 'grid-keeper',
        villages: [villageAt(at % villages)],
        zones: [],
        hours: [],
        absences: [],
        consent: { how: 'paper', atMs: 1 },
        expiresAtMs: nowMs + 300 * dayMs,
        phone: '13800000000',
      },
      'chief',
      nowMs,
    )
    writer.putFamily({
      hash: `hash-${at}`,
      label: `family ${at}`,
      box: boxAt(at % villages),
      zone: `z-${at}`,
      kinds: ['sos'],
      consent: { how: 'paper', atMs: 1 },
      madeBy: 'chief',
      madeAtMs: nowMs,
      expiresAtMs: nowMs + 300 * dayMs,
    })
    const offered = writer.offerShift('li', 'wang', 'quiet', nowMs)
    if (offered.type === 'done') writer.endShift(offered.shift.shift, 'wang', true, '', nowMs)
  }
}

function addCommands(writer: Writer, count: number, villages: number, nowMs: number): void {
  for (let at = 0; at < count; at++) {
    const [id, box] = [`k-${at}`, boxAt(at % villages)]
    const asked = { askedAtMs: nowMs, expiresAtMs: nowMs + 1000, changedAtMs: nowMs }
    writer.askCommand({ id, box, do: 'siren', by: 'li', state: 'waiting', ...asked })
    writer.moveCommand(box, id, { state: 'done', changedAtMs: nowMs }, false)
  }
}

function addBulletins(writer: Writer, count: number, villages: number, nowMs: number): void {
  for (let at = 0; at < count; at++) {
    const village = villageAt(at % villages)
    const said = { id: `bulletin-${at}`, text: '明日检修', villages: [village], by: 'li', seconds: 60 }
    const command = {
      id: `b-${at}`,
      box: boxAt(at % villages),
      do: 'bulletin' as const,
      by: 'li',
      text: said.text,
    }
    const asked = {
      state: 'waiting' as const,
      askedAtMs: nowMs,
      expiresAtMs: nowMs + 1000,
      changedAtMs: nowMs,
    }
    writer.askBulletin({ ...said, atMs: nowMs, expiresAtMs: nowMs + 1000 }, [{ ...command, ...asked }])
    writer.moveCommand(command.box, command.id, { state: 'done', changedAtMs: nowMs }, false)
  }
}

/** Gauges at orange, each of which warns two villages; half of the warnings are over. */
function addWarnings(writer: Writer, count: number, villages: number, nowMs: number): void {
  const to = times(Math.min(villagesBelow, villages - 1), (at) => ({
    village: villageAt(at + 1),
    minutes: 30,
  }))
  writer.putLinkages([{ id: 'river', from: { place: boxAt(0) }, colour: 'orange', to }], 'chief', nowMs)
  for (let at = 0; at < count / villagesBelow; at++)
    for (const change of ['raised', 'ended'] as const) {
      if (change === 'ended' && at % 2 === 0) continue
      const sequence = 2 * at + (change === 'raised' ? 1 : 2)
      const gauge = { id: `w-${at}`, device: `gauge-${at}`, kind: 'water' as const }
      const alarm = { ...gauge, colour: 'orange' as const, latchedColour: 'orange' as const }
      const record = makeAlarm(sequence, change, change === 'ended' ? { ...alarm, state: 'normal' } : alarm)
      const batch = batchOf(boxAt(0), 'orange', 10_000_000 + sequence, [JSON.stringify(record)])
      writer.storeIntake({
        receivedAtMs: nowMs - 2 * dayMs,
        lanes: [{ ...batch, alarms: [record] }],
        quarantined: [],
      })
    }
  for (let pass = 0; pass < 4 + count / 100; pass++) writer.passLinkages(nowMs - dayMs)
}

function addLooks(writer: Writer, count: number, villages: number, nowMs: number): void {
  for (let at = 0; at < count; at++) {
    const of = { box: boxAt(at % villages), alarm: `${boxAt(at % villages)}.a-1`, camera: 'gate' }
    writer.noteLook({
      ...of,
      atMs: nowMs,
      who: 'li',
      role: 'operator',
      sha256: 'ab'.repeat(32),
      size: 'full',
    })
    writer.noteSecurity([{ atMs: nowMs, what: 'sign-in', who: 'li', address: '127.0.0.1', detail: '' }])
  }
}

export function fillTown(writer: Writer, { cases, villages }: TownSize, nowMs: number): void {
  addListings(writer, villages, nowMs)
  addPeople(writer, Math.ceil(cases / 10), villages, nowMs)
  addCommands(writer, Math.ceil(cases / 4), villages, nowMs)
  addBulletins(writer, Math.ceil(cases / 8), villages, nowMs)
  addWarnings(writer, Math.ceil(cases / 8), villages, nowMs)
  addLooks(writer, Math.ceil(cases / 2), villages, nowMs)
}

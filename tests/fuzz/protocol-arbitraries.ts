// Random valid protocol messages, for properties such as "parse(encode(x)) equals x".
import fc from 'fast-check'
import { alarmChanges, alarmStates, boxAlarmKinds, stages } from '../../protocols/domain/alarm.ts'
import { colours, lanes } from '../../protocols/domain/colour.ts'
import { clockQualities } from '../../protocols/domain/event.ts'
import {
  bootMax,
  laneNumberMax,
  occurrencesMax,
  sequenceMax,
  sinceBootMsMax,
  wallMsMax,
} from '../../protocols/domain/limits.ts'
import { buttonPresses, contactStates, mainsStates } from '../../protocols/domain/reading.ts'
import {
  commandKinds,
  commandLifeMsMax,
  commandResultStates,
  minutesMax,
  runSecondsMax,
} from '../../protocols/uplink/command.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { Receipt } from '../../protocols/uplink/receipt.ts'
import type { Report } from '../../protocols/uplink/report.ts'

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))
const count = fc.nat()
const upTo = (max: number) => fc.integer({ min: 1, max })
const wallMs = fc
  .double({ noNaN: true, min: -wallMsMax, max: wallMsMax })
  .map((value) => (value === 0 ? 0 : value))
const sinceBootMs = fc.double({ noNaN: true, min: 0, max: sinceBootMsMax }).map(Math.abs)
const optional = { requiredKeys: [] as never[] }

export const deviceId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
export const messageId = fc.stringMatching(/^[\x21-\x7e]{1,64}$/)
const text = (maxLength: number) => fc.string({ unit: 'grapheme', maxLength })

const knownReadings = fc.record(
  {
    contact: fc.constantFrom(...contactStates),
    button: fc.constantFrom(...buttonPresses),
    waterLevelMm: number,
    motion: fc.boolean(),
    smoke: fc.boolean(),
    gas: fc.boolean(),
    leak: fc.boolean(),
    tamper: fc.boolean(),
    mains: fc.constantFrom(...mainsStates),
    batteryPercent: number,
    signalDbm: number,
    temperatureC: number,
  },
  optional,
)
const taken = new Set(['id', 'at', '__proto__', 'constructor', 'prototype'])
const unknownReadings = fc.dictionary(
  text(12).filter((key) => !taken.has(key) && !/^[a-z]+([A-Z][A-Za-z]*)?$/.test(key)),
  // Once through JSON: -0 and similar values do not exist there.
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  { maxKeys: 6 },
)
export const readings = fc
  .tuple(knownReadings, unknownReadings)
  .map(([known, unknown]) => ({ ...unknown, ...known }))

export const deviceEvent = fc.record(
  { messageId, readings, deviceAtMs: wallMs },
  { requiredKeys: ['messageId', 'readings'] },
)

const epoch = fc.stringMatching(/^[a-z0-9]{8,32}$/)
const was = fc.record({ epoch, sequence: upTo(sequenceMax) })

const recorded = {
  sequence: upTo(sequenceMax),
  boot: upTo(bootMax),
  sinceBootMs,
  atMs: wallMs,
  clock: fc.constantFrom(...clockQualities),
}
const alarm = fc.record(
  {
    id: fc.stringMatching(/^[A-Za-z0-9._-]{1,80}$/),
    device: deviceId,
    kind: fc.constantFrom(...boxAlarmKinds),
    variant: text(20),
    colour: fc.constantFrom(...colours),
    latchedColour: fc.constantFrom(...colours),
    state: fc.constantFrom(...alarmStates),
    occurrences: upTo(occurrencesMax),
    zone: text(20),
    text: fc.record({ zh: text(40), en: text(40) }),
    readings,
    isDrill: fc.boolean(),
  },
  { requiredKeys: ['id', 'device', 'kind', 'colour', 'latchedColour', 'state', 'occurrences', 'text'] },
)
const record = fc.oneof(
  fc.record(
    {
      type: fc.constant('event'),
      ...recorded,
      device: deviceId,
      messageId,
      readings,
      deviceAtMs: wallMs,
      was,
    },
    {
      requiredKeys: [
        'type',
        'sequence',
        'boot',
        'sinceBootMs',
        'atMs',
        'clock',
        'device',
        'messageId',
        'readings',
      ],
    },
  ),
  fc.record({
    type: fc.constant('alarm'),
    ...recorded,
    change: fc.constantFrom(...alarmChanges),
    alarm,
    cause: upTo(sequenceMax),
    was,
  }),
  fc.record({ type: fc.constant('log'), ...recorded, what: text(40), facts: readings }),
)
const lane = fc.constantFrom(...lanes)
const perLane = <T>(value: fc.Arbitrary<T>) => fc.dictionary(lane, value, { noNullPrototype: true })

export const report = fc.record(
  {
    v: fc.constant(1),
    epoch,
    lane,
    first: upTo(laneNumberMax),
    records: fc.array(record, { maxLength: 8 }),
    skipped: fc.array(fc.record({ from: upTo(laneNumberMax), to: upTo(laneNumberMax), reason: text(40) }), {
      minLength: 1,
      maxLength: 3,
    }),
  },
  { requiredKeys: ['v', 'epoch', 'lane', 'first', 'records'] },
) as fc.Arbitrary<Report>

export const heartbeat = fc.record(
  {
    v: fc.constant(1),
    epoch,
    name: text(40),
    lanes: perLane(fc.record({ last: count, receipted: count })),
    boot: count,
    sinceBootMs,
    atMs: wallMs,
    clock: fc.constantFrom(...clockQualities),
    uptimeMs: sinceBootMs,
    diskFreeBytes: count,
    devices: fc.record({ known: count, present: count }),
    quarantined: count,
  },
  { requiredKeys: ['v', 'epoch', 'lanes', 'boot', 'sinceBootMs', 'atMs', 'clock', 'uptimeMs'] },
) as fc.Arbitrary<Heartbeat>

export const receipt = fc.record({
  v: fc.constant(1),
  epoch,
  lanes: perLane(fc.record({ storedTo: count, missing: fc.array(fc.tuple(count, count), { maxLength: 5 }) })),
  centreTimeMs: number,
}) as fc.Arbitrary<Receipt>

export const stageNotice = fc.record(
  {
    v: fc.constant(1 as const),
    alarm: messageId,
    stage: fc.constantFrom(...stages),
    by: text(20),
    atMs: number,
  },
  { requiredKeys: ['v', 'alarm', 'stage', 'atMs'] },
)
export const command = fc.record({
  id: messageId,
  do: text(10).filter((word) => word.length > 0),
  seconds: number,
})
export const commandResult = fc.record(
  { id: messageId, ok: fc.boolean(), error: text(40) },
  { requiredKeys: ['id', 'ok'] },
)
export const stageReceipt = fc.record({ id: messageId, stage: fc.constantFrom(...stages) })

const commandId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9-]{0,20}$/)
const plain = fc.oneof(fc.boolean(), fc.integer(), fc.string({ maxLength: 20 }))
const phrase = (maxLength: number) => fc.string({ minLength: 1, maxLength })

export const centreCommand = fc.record(
  {
    v: fc.constant(1 as const),
    id: commandId,
    do: fc.oneof(fc.constantFrom(...commandKinds), phrase(32)),
    by: phrase(80),
    why: phrase(300),
    alarm: fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/),
    zone: fc.constantFrom('square', 'z-1'),
    device: fc.constantFrom('siren-1', 'd.2'),
    camera: fc.constantFrom('cam-1'),
    seconds: fc.integer({ min: 0, max: runSecondsMax }),
    minutes: fc.integer({ min: 0, max: minutesMax }),
    order: fc.record({ do: phrase(32), text: plain, level: plain }, { requiredKeys: ['do'] }),
    set: fc.dictionary(
      fc.constantFrom('zones', 'limits'),
      fc.array(fc.oneof(fc.integer(), phrase(10)), { maxLength: 3 }),
    ),
    version: fc.constantFrom('1.2.3', '2.0.0-rc.1+x'),
    sentAtMs: fc.integer(),
    leftMs: fc.integer({ min: 0, max: commandLifeMsMax }),
  },
  { requiredKeys: ['v', 'id', 'do', 'by', 'sentAtMs', 'leftMs'] },
)

const names = fc.array(fc.string({ maxLength: 40 }), { maxLength: 5 })
export const centreCommandResult = fc.record(
  {
    v: fc.constant(1 as const),
    id: commandId,
    state: fc.constantFrom(...commandResultStates),
    atMs: fc.integer(),
    clock: fc.constantFrom('unsynced', 'synced', 'repaired'),
    reason: fc.record({ code: phrase(40), zh: phrase(50), en: phrase(50) }),
    reached: names,
    missed: names,
    snapshots: names,
  },
  { requiredKeys: ['v', 'id', 'state', 'atMs', 'clock'] },
)

// A listed device whose messages can not be decoded is blind. It may be calling for help, so people see its first
// bytes. The condition ends when a message can be decoded again.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import { knownReadings } from '../../protocols/device-mqtt/device-event.ts'
import { printable } from '../../protocols/domain/plain-text.ts'
import type { DeviceEvent } from '../../protocols/domain/event.ts'
import type { DeviceKind } from '../config/alarm-settings.ts'
import { clear } from './lifecycle/clear.ts'
import { endSilence } from './lifecycle/end-silence.ts'
import { raise } from './lifecycle/raise.ts'
import type { DeviceDocument } from './documents.ts'
import { deviceDueMs } from './due/alarm-due.ts'
import { heardAt } from './due/silence-due.ts'
import type { Judging } from './judging.ts'
import type { DeviceFacts } from './resolved-settings.ts'

/**
 * The readings for which a kind of device exists: without them it counts as blind. A kind without an entry is blind
 * when no reading can be decoded.
 */
const purpose: Partial<Record<DeviceKind, readonly string[]>> = {
  button: ['button'],
  contact: ['contact'],
  motion: ['motion'],
  smoke: ['smoke', 'fire'],
  gas: ['gas', 'carbonMonoxide'],
  leak: ['leak'],
  water: ['waterLevelMm'],
}
const known = new Set([...knownReadings, 'fire'])

/** Unreadable messages in a row from a gauge that was readable before: a single failure of a probe is common. */
const inARowMax = 3
/** A gauge that reports without a level is blind after this many of its intervals. */
const intervalsWithoutLevel = 3
/** Characters of the unreadable message that people see. */
const excerptMax = 80
const variants = new Set<DeviceKind>(['button', 'smoke', 'gas'])

export type Reading = 'readable' | 'unreadable' | 'says-nothing-of-it'

/**
 * True when this event carries the readings for which its device exists. `isKnown`: the device was readable at least
 * once before.
 */
function readingOf(device: DeviceFacts, { readings, setAside }: DeviceEvent, isKnown: boolean): Reading {
  const names = purpose[device.kind]
  const keys = Object.keys(readings)
  if (!names) return keys.length > 0 || !setAside ? 'readable' : 'unreadable'
  if (names.some((name) => readings[name] !== undefined)) return 'readable'
  const bad = setAside?.filter(({ path }) => path !== 'id' && path !== 'at') ?? []
  if (bad.some(({ path }) => names.includes(path))) return 'unreadable'
  if (device.kind === 'water' && keys.length > 0) return 'says-nothing-of-it'
  if (keys.some((name) => known.has(name))) return 'readable'
  if (keys.length > 0) return isKnown ? 'says-nothing-of-it' : 'unreadable'
  return bad.some(({ path }) => !known.has(path)) ? 'unreadable' : 'says-nothing-of-it'
}

/** Updates in the device's own document how well its messages can be read. */
export function noteReadable(
  document: DeviceDocument,
  before: DeviceDocument | undefined,
  device: DeviceFacts,
  event: DeviceEvent,
  nowMs: number,
): Reading {
  const reading = readingOf(device, event, before?.isReadableOnce ?? false)
  if (reading === 'readable') {
    document.readableMs = nowMs
    document.isReadableOnce = true
    delete document.unreadable
    delete document.withoutLevel
  } else {
    document.readableMs = before?.readableMs ?? nowMs
    if (reading === 'unreadable') document.unreadable = (before?.unreadable ?? 0) + 1
    else document.withoutLevel = (before?.withoutLevel ?? 0) + 1
  }
  return reading
}

function isBlind(device: DeviceFacts, { unreadable = 0, isReadableOnce }: DeviceDocument): boolean {
  return unreadable > 0 && (device.kind !== 'water' || !isReadableOnce || unreadable >= inARowMax)
}

function isWithoutLevel(device: DeviceFacts, document: DeviceDocument, nowMs: number): boolean {
  const { withoutLevel = 0, readableMs = nowMs } = document
  if (device.kind !== 'water' || withoutLevel < inARowMax) return false
  return nowMs - readableMs >= intervalsWithoutLevel * device.reportIntervalMs
}

function remarkOf(excerpt: string, problem: string): BilingualText {
  const words = excerpt === '' ? '-' : excerpt
  return { zh: `首字节：${words}（${problem}）`, en: `First bytes: ${words} (${problem})` }
}

function raiseBlind(
  judging: Judging,
  device: DeviceFacts,
  bytes: string,
  problem: string,
  variant: string | undefined = variants.has(device.kind) ? device.kind : undefined,
): void {
  const excerpt = printable(bytes, excerptMax)
  raise(judging, device, {
    kind: 'device-blind',
    variant,
    isEdge: false,
    remark: remarkOf(excerpt, problem.slice(0, excerptMax)),
    readings: { firstBytes: excerpt, problem: problem.slice(0, excerptMax) },
  })
}

/** After an event that could be read at least in part. */
export function judgeBlind(
  judging: Judging,
  device: DeviceFacts,
  document: DeviceDocument,
  event: DeviceEvent,
  reading: Reading,
): void {
  if (reading === 'readable') return clear(judging, device.id, 'device-blind')
  const [bad] = event.setAside?.filter(({ path }) => path !== 'id' && path !== 'at') ?? []
  const names = Object.keys(event.readings).join(', ')
  if (reading === 'unreadable' && isBlind(device, document))
    raiseBlind(judging, device, bad ? `${bad.path}: ${bad.value}` : names, bad?.reason ?? 'not known here')
  else if (isWithoutLevel(device, document, judging.now.steadyMs))
    raiseBlind(judging, device, names, 'no waterLevelMm', 'no-level')
}

/** For a message without any usable reading. The device is alive, so it is not silent. */
export function takeUnreadable(
  judging: Judging,
  input: { device: string; excerpt: string; problem: string; isElsewhere?: true },
): void {
  const device = judging.settings.device(input.device)
  if (!device.isRegistered) return
  const nowMs = judging.now.steadyMs
  const before = judging.memory.get(device.key) as DeviceDocument | undefined
  const { offlineMs: _back, ...rest } = before ?? { heardMs: nowMs }
  // A device that can be read may write to other topics too; kinds without a purpose may send nothing else.
  if (input.isElsewhere && (rest.isReadableOnce || !purpose[device.kind])) return
  const document: DeviceDocument = {
    ...rest,
    ...heardAt(before, device, nowMs),
    readableMs: rest.readableMs ?? nowMs,
    unreadable: (rest.unreadable ?? 0) + 1,
  }
  judging.memory.set(device.key, document)
  const isFew = input.isElsewhere === true && (document.unreadable ?? 0) < inARowMax
  if (!isFew && isBlind(device, document)) raiseBlind(judging, device, input.excerpt, input.problem)
  endSilence(judging, device)
  judging.dues.touch(device.key, deviceDueMs(judging, device, document))
}

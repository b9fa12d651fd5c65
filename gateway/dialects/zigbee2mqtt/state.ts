// A device's own message: JSON with all values that the bridge knows of it, one property on a topic of its own, or an
// action.
import type { DialectReadings, DeviceResult } from '../port.ts'
import { callOf, faultFlags, readProperty, worse } from '../meaning/properties.ts'
import { isMovement, pressOf } from '../meaning/press.ts'
import { timeOf } from '../meaning/values.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import type { KnownDevice } from './devices.ts'

/** Properties about the bridge's own work, not measured by a device. */
const left = new Set(['device', 'last_seen', 'update', 'update_available', 'elapsed', 'click', 'action'])

/** Firmware updates and other lists are no readings. */
const isValue = (value: unknown): boolean => value === null || typeof value !== 'object'

interface Read {
  readings: DialectReadings
  momentary: Readings
}

function readAction(action: unknown, into: Read): void {
  if (typeof action !== 'string' || action.trim() === '') return
  const button = pressOf(action)
  into.readings['action'] = into.momentary['action'] = action
  if (button !== undefined) into.readings.button = into.momentary.button = button
  else if (isMovement(action)) into.readings.vibration = into.momentary.vibration = true
}

/** Properties as the device's list of abilities spells them, or by their usual names without a list. */
function readState(state: Record<string, unknown>, known: KnownDevice | undefined): Read {
  const read: Read = { readings: {}, momentary: {} }
  for (const [property, value] of Object.entries(state)) {
    if (left.has(property)) continue
    const spelling =
      known && Object.hasOwn(known.properties, property) ? known.properties[property] : undefined
    const meant = readProperty(spelling?.is ?? property, value, spelling)
    if (meant)
      for (const [name, reading] of Object.entries(meant))
        read.readings[name] = worse(read.readings[name], reading)
    else if (isValue(value)) read.readings[property] = value
  }
  for (const [property, { is }] of Object.entries(known?.properties ?? {}))
    if (is === 'action' && property !== 'action' && typeof state[property] === 'string')
      readAction(state[property], read)
  // `click` is the name of `action` before 1.0.
  readAction(state['action'] ?? state['click'], read)
  return read
}

/** Whether its switch for calls is on; undefined if the message does not contain it. */
export function callSwitchOf(state: Record<string, unknown>): boolean | undefined {
  const calls = Object.entries(state).flatMap(([name, value]) => callOf(name, value) ?? [])
  return calls.length === 0 ? undefined : calls.includes(true)
}

export function resultOfState(
  address: string,
  state: Record<string, unknown>,
  known: KnownDevice | undefined,
  how: { isWholeState: boolean; isCalling?: boolean },
): DeviceResult {
  const { isWholeState, isCalling } = how
  const { readings, momentary } = readState(state, known)
  if (isCalling) readings.button = momentary.button = 'pressed'
  const reported = faultFlags.filter((flag) => typeof readings[flag] === 'boolean')
  const deviceAtMs = timeOf(state['last_seen'])
  return {
    device: address,
    readings,
    ...(Object.keys(momentary).length > 0 ? { momentary } : {}),
    ...(reported.length > 0 ? { faults: reported.filter((flag) => readings[flag] === true) } : {}),
    ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
    ...(isWholeState ? { isWholeState } : {}),
  }
}

// Builds the event of a result: unknown values are named, not guessed, and faults are readings.
import type { DeviceEvent } from '../../../protocols/domain/event.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import type { DeviceResult } from '../port.ts'

/** Undefined if the device itself sent nothing that can be an event. */
export function eventOf(result: DeviceResult & { messageId: string }): DeviceEvent | undefined {
  const readings: Record<string, unknown> = {}
  const unknown: string[] = []
  for (const [name, value] of Object.entries(result.readings))
    if (value === null) unknown.push(name)
    else if (value !== undefined) readings[name] = value
  if (unknown.length > 0) readings['unknown'] = unknown
  if (result.faults) readings['faults'] = result.faults.slice(0, 16)
  if (Object.keys(readings).length === 0) return undefined
  const { device, messageId, deviceAtMs } = result
  return {
    device,
    messageId,
    readings: readings as Readings,
    ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
  }
}

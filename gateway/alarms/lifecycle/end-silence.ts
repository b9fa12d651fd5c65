// A silent device reports again.
import { readAlarm } from '../documents.ts'
import { giveHangingTime } from '../floods/root-cause.ts'
import type { Judging } from '../judging.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { clear } from './clear.ts'

/** The device reported, so it is not silent; devices behind it get time to report. */
export function endSilence(judging: Judging, device: DeviceFacts): void {
  if (!readAlarm(judging.memory, device.silentKey)?.isPresent) return
  clear(judging, device.id, 'device-silent')
  giveHangingTime(judging, device.id)
}

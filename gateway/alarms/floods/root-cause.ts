// Root cause first: while a hub is silent, the silence of the devices behind it is muted, with the hub as the reason.
import type { AlarmKind, BilingualText } from '../../../protocols/domain/alarm.ts'
import { silentAfterMsOf } from '../due/rhythm.ts'
import { alarmKey, readAlarm, readDevice, type AlarmDocument } from '../documents.ts'
import type { Judging } from '../judging.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import { admitLine, joinStorm } from './storm.ts'
import { keepAlarm, withText, writeAlarm } from '../lifecycle/write-alarm.ts'

const silentKey = (device: string): string => alarmKey(device, 'device-silent')

/** The hub that explains a silence, if there is one. */
export function findRootCause(judging: Judging, device: DeviceFacts, kind: AlarmKind): string | undefined {
  const hub = device.settings?.via
  if (kind !== 'device-silent' || hub === undefined) return undefined
  return readAlarm(judging.memory, silentKey(hub))?.isPresent ? hub : undefined
}

export function rootCauseRemark(judging: Judging, cause: string): BilingualText {
  const { zh, en } = judging.settings.device(cause).place
  return { zh: `已抑制，根源：${zh} 失联`, en: `Muted, because ${en} is silent` }
}

function withoutUnmute({ unmuteMs: _over, ...document }: AlarmDocument): AlarmDocument {
  return document
}

/** A hub fell silent: silent devices behind it are muted too. */
export function muteHanging(judging: Judging, hub: string): void {
  for (const { id } of judging.settings.hangingOn.get(hub) ?? []) {
    const document = readAlarm(judging.memory, silentKey(id))
    if (!document) continue
    if (document.suppression?.why === 'root-cause') keepAlarm(judging, withoutUnmute(document))
    const { state, colour } = document.alarm
    if (colour === 'red' || (state !== 'unacknowledged' && state !== 'acknowledged')) continue
    const muted: AlarmDocument = {
      ...document,
      suppression: { why: 'root-cause', cause: hub },
      remark: rootCauseRemark(judging, hub),
      alarm: { ...document.alarm, state: 'suppressed' },
    }
    writeAlarm(judging, 'suppressed', withText(judging, muted))
  }
}

/** The hub reports again. A device that is still silent after its own time to connect again has a fault of its own. */
function timeOf({ memory }: Judging, device: DeviceFacts): number {
  const document = readDevice(memory, device.id)
  return document ? silentAfterMsOf(document, device) : device.silentAfterMs
}

export function giveHangingTime(judging: Judging, hub: string): void {
  for (const device of judging.settings.hangingOn.get(hub) ?? []) {
    const { id } = device
    const document = readAlarm(judging.memory, silentKey(id))
    if (document?.suppression?.why === 'root-cause')
      keepAlarm(judging, { ...document, unmuteMs: judging.now.steadyMs + timeOf(judging, device) })
  }
}

/** The device's time is over and it is still silent: the alarm is raised, within the limit of the flood control. */
export function unmute(judging: Judging, document: AlarmDocument): void {
  const { suppression: _over, remark: _old, ...rest } = withoutUnmute(document)
  const { alarm } = rest
  if (admitLine(judging, alarm.kind, alarm.colour)) {
    const shown: AlarmDocument = { ...rest, alarm: { ...alarm, state: 'unacknowledged' } }
    writeAlarm(judging, 'unsuppressed', withText(judging, shown))
    return
  }
  writeAlarm(judging, 'updated', withText(judging, { ...rest, suppression: { why: 'storm' } }))
  joinStorm(judging, alarm)
}

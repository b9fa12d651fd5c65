// Bypass of a device for a time: its alarms below red are out of service, and the end of the bypass is always
// recorded.
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import { alarmKey, boxKey, readAlarm, readBox, type AlarmDocument } from '../documents.ts'
import { log, setBox, type Judging } from '../judging.ts'
import { writeAlarm } from '../lifecycle/write-alarm.ts'

function rowsOf(judging: Judging, device: string): AlarmDocument[] {
  return alarmKinds.flatMap((kind) => readAlarm(judging.memory, alarmKey(device, kind)) ?? [])
}

export function endBypass(judging: Judging, device: string, why: string): void {
  const box = readBox(judging.memory)
  const { [device]: ended, ...bypasses } = box.bypasses ?? {}
  if (!ended) return
  setBox(judging, { ...box, bypasses })
  log(judging, 'bypass-ended', { device, by: ended.by, why })
  for (const document of rowsOf(judging, device))
    if (document.alarm.state === 'out-of-service')
      writeAlarm(judging, 'in-service', {
        ...document,
        alarm: { ...document.alarm, state: 'unacknowledged' },
      })
}

export function takeBypass(judging: Judging, input: { device: string; forMs: number; by: string }): void {
  const { device, forMs, by } = input
  if (!judging.settings.devices.has(device))
    return log(judging, 'bypass-refused', { device, by, why: 'no such device' })
  if (forMs <= 0) return endBypass(judging, device, 'by hand')
  const untilMs = judging.now.steadyMs + Math.min(forMs, judging.settings.limits.bypassSMax * 1000)
  const box = readBox(judging.memory)
  setBox(judging, { ...box, bypasses: { ...box.bypasses, [device]: { untilMs, by } } })
  judging.dues.touch(boxKey, untilMs)
  log(judging, 'bypass-began', { device, by, forMs: untilMs - judging.now.steadyMs })
  for (const document of rowsOf(judging, device)) {
    const { state, colour } = document.alarm
    if (colour === 'red' || state === 'out-of-service') continue
    const { shelvedUntilMs: _over, suppression: _too, heldUntilMs: _free, ...rest } = document
    writeAlarm(judging, 'out-of-service', { ...rest, alarm: { ...rest.alarm, state: 'out-of-service' } })
  }
}

// Local response without the centre: which devices act when an alarm changes, and what stops them again.
import type { Alarm, AlarmChange } from '../../protocols/domain/alarm.ts'
import type { RuleSettings } from '../config/alarm-settings.ts'
import { nameOfAlarm } from './alarm-text.ts'
import { boxKey, readBox } from './documents.ts'
import { keyOf, log, setBox, type Judging } from './judging.ts'
import { isWithin } from './schedule.ts'

/** Calls for help that must not be heard at the scene: a rule answers them only where it names them. */
const silentVariants = new Set(['duress', 'silent'])
const starts = new Set<AlarmChange>([
  'raised',
  'repeated',
  'escalated',
  'unsuppressed',
  'unshelved',
  'in-service',
])
const stops = new Set<AlarmChange>(['returned', 'ended', 'suppressed', 'shelved', 'out-of-service'])

function fits(rule: RuleSettings, alarm: Alarm, judging: Judging): boolean {
  const { kinds, variants, colours, zones, devices, during } = rule.when
  if (kinds && !kinds.includes(alarm.kind)) return false
  if (colours && !colours.includes(alarm.colour)) return false
  if (zones && (alarm.zone === undefined || !zones.includes(alarm.zone))) return false
  if (devices && !devices.includes(alarm.device)) return false
  if (variants && (alarm.variant === undefined || !variants.includes(alarm.variant))) return false
  if (!variants && alarm.variant !== undefined && silentVariants.has(alarm.variant)) return false
  const { wallMs, clock } = judging.now
  // With a clock that was never set the hour is unknown: better to act than to wait.
  return !during || clock === 'unsynced' || isWithin(during, wallMs, judging.settings.limits.utcOffsetMin)
}

/** `{zh}`, `{en}` and `{place}` in a rule's words become the alarm's. */
function fill(value: string | number | boolean, alarm: Alarm, judging: Judging): string | number | boolean {
  if (typeof value !== 'string' || !value.includes('{')) return value
  const name = nameOfAlarm(alarm.kind, alarm.variant)
  const { zh, en } = judging.settings.device(alarm.device).place
  return value
    .replaceAll('{zh}', `${name.zh}：${zh}`)
    .replaceAll('{en}', `${name.en}: ${en}`)
    .replaceAll('{place}', zh)
}

function start(judging: Judging, rule: RuleSettings, alarm: Alarm): void {
  const key = keyOf(alarm)
  if (alarm.isDrill)
    return log(judging, 'rule-tested', { rule: rule.id, device: rule.device, do: rule.do, alarm: alarm.id })
  const box = readBox(judging.memory)
  const acting = box.acting?.[rule.id]
  if (acting) {
    if (!acting.alarms.includes(key))
      setBox(judging, {
        ...box,
        acting: { ...box.acting, [rule.id]: { ...acting, alarms: [...acting.alarms, key] } },
      })
    return
  }
  const untilMs = judging.now.steadyMs + rule.secondsMax * 1000
  setBox(judging, { ...box, acting: { ...box.acting, [rule.id]: { untilMs, alarms: [key] } } })
  judging.dues.touch(boxKey, untilMs)
  const words: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rule.with ?? {})) words[name] = fill(value, alarm, judging)
  judging.commands.push({
    ...words,
    device: rule.device,
    do: rule.do,
    seconds: rule.secondsMax,
    alarm: alarm.id,
  })
}

/** Stops a rule's device: its own stop command, or the same one for no time at all. */
export function stopRule(judging: Judging, ruleId: string): void {
  const box = readBox(judging.memory)
  const { [ruleId]: _stopped, ...acting } = box.acting ?? {}
  setBox(judging, { ...box, acting })
  const rule = judging.settings.rules.find(({ id }) => id === ruleId)
  if (!rule) return
  judging.commands.push(
    rule.stopDo ? { device: rule.device, do: rule.stopDo } : { device: rule.device, do: rule.do, seconds: 0 },
  )
}

function release(judging: Judging, alarm: Alarm): void {
  const key = keyOf(alarm)
  for (const [ruleId, acting] of Object.entries(readBox(judging.memory).acting ?? {})) {
    if (!acting.alarms.includes(key)) continue
    const alarms = acting.alarms.filter((other) => other !== key)
    if (alarms.length === 0) {
      stopRule(judging, ruleId)
      continue
    }
    const box = readBox(judging.memory)
    setBox(judging, { ...box, acting: { ...box.acting, [ruleId]: { ...acting, alarms } } })
  }
}

/** Called for every transition, in order. */
export function applyRules(judging: Judging, change: AlarmChange, alarm: Alarm): void {
  if (judging.settings.rules.length === 0) return
  if (stops.has(change)) return release(judging, alarm)
  if (!starts.has(change) || alarm.state !== 'unacknowledged') return
  for (const rule of judging.settings.rules) if (fits(rule, alarm, judging)) start(judging, rule, alarm)
}

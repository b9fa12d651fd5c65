// Local response without the centre: which devices act when an alarm changes, and what stops them.
import type { Alarm, AlarmChange } from '../../protocols/domain/alarm.ts'
import type { RuleSettings } from '../config/alarm-settings.ts'
import { nameOfAlarm } from './alarm-text.ts'
import { boxKey, readBox, type ActingRule, type AlarmDocument } from './documents.ts'
import { log, offsetMinOf, setBox, type Judging } from './judging.ts'
import { isWithin } from './zones/schedule.ts'

/** Calls for help that must not sound at the scene: a rule reacts to these kinds only if it lists them. */
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
  // If the clock was never set, the hour is unknown: the rule acts.
  return !during || clock === 'unsynced' || isWithin(during, wallMs, offsetMinOf(judging, wallMs))
}

/** Replaces `{zh}`, `{en}` and `{place}` in a rule's text with the alarm's. */
function fill(value: string | number | boolean, alarm: Alarm, judging: Judging): string | number | boolean {
  if (typeof value !== 'string' || !value.includes('{')) return value
  const name = nameOfAlarm(alarm.kind, alarm.variant)
  const { zh, en } = judging.settings.device(alarm.device).place
  return value
    .replaceAll('{zh}', `${name.zh}：${zh}`)
    .replaceAll('{en}', `${name.en}: ${en}`)
    .replaceAll('{place}', zh)
}

/**
 * Starts the rule, or counts the alarm if the rule already acts. Returns the time limit of that run; undefined for a
 * drill.
 */
function start(
  judging: Judging,
  rule: RuleSettings,
  { alarm, acting: own }: AlarmDocument,
): number | undefined {
  if (alarm.isDrill) {
    log(judging, 'rule-tested', { rule: rule.id, device: rule.device, do: rule.do, alarm: alarm.id })
    return undefined
  }
  const box = readBox(judging.memory)
  const running = box.acting?.[rule.id]
  if (running) {
    if (own?.[rule.id] === running.untilMs) return running.untilMs
    setActing(judging, rule.id, { ...running, alarms: running.alarms + 1 })
    // A sign that shows one household has to show the next one too.
    if (hasPlaces(rule))
      push(judging, rule, alarm, Math.ceil((running.untilMs - judging.now.steadyMs) / 1000))
    return running.untilMs
  }
  const untilMs = judging.now.steadyMs + rule.secondsMax * 1000
  setActing(judging, rule.id, { untilMs, alarms: 1 })
  judging.dues.touch(boxKey, untilMs)
  push(judging, rule, alarm, rule.secondsMax)
  return untilMs
}

const hasPlaces = (rule: RuleSettings): boolean =>
  Object.values(rule.with ?? {}).some((value) => typeof value === 'string' && value.includes('{'))

function push(judging: Judging, rule: RuleSettings, alarm: Alarm, seconds: number): void {
  const words: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rule.with ?? {})) words[name] = fill(value, alarm, judging)
  judging.commands.push({ ...words, device: rule.device, do: rule.do, seconds, alarm: alarm.id })
}

function setActing(judging: Judging, rule: string, acting: ActingRule): void {
  const box = readBox(judging.memory)
  setBox(judging, { ...box, acting: { ...box.acting, [rule]: acting } })
}

/** Stops a rule's device: by its own stop command, or by the same command with a duration of 0. */
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

function release(judging: Judging, own: Record<string, number>): void {
  for (const [rule, untilMs] of Object.entries(own)) {
    const running = readBox(judging.memory).acting?.[rule]
    if (running?.untilMs !== untilMs) continue
    if (running.alarms <= 1) stopRule(judging, rule)
    else setActing(judging, rule, { ...running, alarms: running.alarms - 1 })
  }
}

/** Called for every transition, in order; returns the rules that act for the alarm now. */
export function applyRules(
  judging: Judging,
  change: AlarmChange,
  document: AlarmDocument,
): Record<string, number> | undefined {
  const { alarm, acting } = document
  if (stops.has(change)) {
    if (acting) release(judging, acting)
    return undefined
  }
  if (!starts.has(change) || alarm.state !== 'unacknowledged') return acting
  let now = acting
  for (const rule of judging.settings.rules) {
    if (!fits(rule, alarm, judging)) continue
    const untilMs = start(judging, rule, document)
    if (untilMs !== undefined) now = { ...now, [rule.id]: untilMs }
  }
  return now
}

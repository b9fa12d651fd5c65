// Linkage between villages: which villages a water alarm warns, when the water is expected there, and when a warning is
// over. Pure.
import { colours, outranks, type Colour } from '../../protocols/domain/colour.ts'
import { villageOf } from '../../protocols/domain/names.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Linkage, LinkageWarning } from '../../protocols/desk/villages/linkages.ts'
import type { Alarm, BilingualText } from '../../protocols/domain/alarm.ts'
import { isActive, isOwn, type DeskRow } from './desk-row.ts'

const minuteMs = 60_000
/** If the travel time of the water is unknown, a warning stays for this time after the level upstream has fallen. */
export const unknownTravelMinutes = 120
/** The travel time is calculated from this number of latest arrivals of water. */
export const arrivalsMax = 9

/** True for a water alarm of a gauge, false for one that the centre raised itself. */
export const isGauge = (row: DeskRow): boolean => row.alarm.kind === 'water' && !isOwn(row)

const isFrom = ({ from }: Linkage, row: DeskRow): boolean =>
  (from.place === row.box || from.place === villageOf(row.box)) &&
  (from.device === undefined || from.device === row.alarm.device)

/** True if the alarm is active, in service, and at least as urgent as the colour of the rule. */
export const isHigh = (rule: Pick<Linkage, 'colour'>, row: DeskRow): boolean =>
  isActive(row) && row.alarm.state !== 'out-of-service' && !outranks(rule.colour, row.alarm.colour)

export function rulesFor(rules: readonly Linkage[], row: DeskRow): Linkage[] {
  return isGauge(row) ? rules.filter((rule) => isFrom(rule, row)) : []
}

/** The median travel time of the latest arrivals; undefined when there is none. */
export function learnedMinutes(arrivals: readonly number[]): number | undefined {
  const sorted = arrivals.slice(0, arrivalsMax).sort((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  return middle === undefined ? undefined : Math.max(1, Math.round(middle))
}

const travelMs = ({ minutes }: LinkageWarning): number => (minutes ?? unknownTravelMinutes) * minuteMs

/**
 * The warning while the level upstream is at `live`, undefined when no alarm there is high. Water of a more urgent level that was there
 * before is still on its way for the travel time: until then the warning does not fall.
 */
export function followed(warning: LinkageWarning, live: Colour | undefined, nowMs: number): LinkageWarning {
  const { sourceOverAtMs, fellAtMs = {}, ...standing } = warning
  const left: Partial<Record<Colour, number>> = {}
  for (const colour of colours) {
    if (live !== undefined && !outranks(colour, live)) continue
    const wasThere = !outranks(colour, warning.colour)
    const atMs = fellAtMs[colour] ?? (wasThere ? (sourceOverAtMs ?? nowMs) : undefined)
    if (atMs !== undefined && atMs + travelMs(warning) > nowMs) left[colour] = atMs
  }
  const underWay = colours.find((colour) => left[colour] !== undefined)
  const isUrgent = underWay !== undefined && (live === undefined || outranks(underWay, live))
  return {
    ...standing,
    colour: (isUrgent ? underWay : live) ?? warning.colour,
    ...(live === undefined ? { sourceOverAtMs: sourceOverAtMs ?? nowMs } : {}),
    ...(underWay === undefined ? {} : { fellAtMs: left }),
  }
}

/** A warning ends when the level upstream is below the colour for the travel time: by then the water has passed. */
export function endsAtMs(warning: LinkageWarning): number | undefined {
  const { sourceOverAtMs } = warning
  return sourceOverAtMs === undefined ? undefined : sourceOverAtMs + travelMs(warning)
}

export interface Upstream {
  /** The name of the box upstream. */
  name: string
  alarm: Pick<Alarm, 'variant' | 'place' | 'colour'>
}

const whereOf = ({ name, alarm }: Upstream): string => {
  const gauge = alarm.place?.device ?? alarm.place?.zone
  return gauge === undefined ? name : `${name} ${gauge}`
}

/** The text of the warning, as the desk shows it. */
export function warningText(upstream: Upstream, minutes: number | undefined): BilingualText {
  const { variants = {} } = alarmTable.water
  const stage = upstream.alarm.variant === undefined ? undefined : variants[upstream.alarm.variant]?.name
  const own = alarmTable['upstream-water']
  const where = whereOf(upstream)
  const [zhStage, enStage] = [stage ? `（${stage.zh}）` : '', stage ? ` (${stage.en})` : '']
  const zhTime = minutes === undefined ? '传播时间未知' : `约 ${minutes} 分钟后到达`
  const enTime = minutes === undefined ? 'its travel time is not known' : `expected in about ${minutes} min`
  return {
    zh: `${own.name.zh}：上游“${where}”水位升高${zhStage}，${zhTime}。${own.guidance.zh}`,
    en: `${own.name.en}: the level at “${where}” is up${enStage}; ${enTime}. ${own.guidance.en}`,
  }
}

/** Replaces `{from}` and `{minutes}` in the rule's text. It is spoken aloud: only the centre's name of the box, no word of a box. */
export function bulletinText(text: string, upstream: Upstream, minutes: number | undefined): string {
  return text
    .replaceAll('{from}', () => upstream.name)
    .replaceAll('{minutes}', minutes === undefined ? '？' : String(minutes))
}

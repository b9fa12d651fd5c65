// Turns a water gauge's reading into the colour, stage and text of an alarm: level, trend, and time to the next
// stage.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { outranks } from '../../../protocols/domain/colour.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { alarmTable } from '../../../protocols/domain/alarm-table.ts'
import { clear } from '../lifecycle/clear.ts'
import { alarmKey, readAlarm } from '../documents.ts'
import type { Judging } from '../judging.ts'
import { raise } from '../lifecycle/raise.ts'
import type { DeviceFacts } from '../resolved-settings.ts'
import type { ResolvedWater, Threshold } from './water-limits.ts'
import { waterColour, type WaterTrack, type WaterVerdict } from './water-track.ts'
import { unconfirmedColour } from './water-unconfirmed.ts'

/** While the alarm stands, level and trend are sent at most this often, and only when the level has changed. */
const tellsEachMs = 10 * 60_000
const tellsFromMm = 50
/** How many seconds a gauge is asked to sample fast. */
const burstSeconds = 60

const metres = (mm: number): string => (mm / 1000).toFixed(2)

function nextThreshold(levelMm: number, water: ResolvedWater): Threshold | undefined {
  return water.thresholds.find((threshold) => threshold.levelMm > levelMm)
}

interface Trend {
  readings: Readings
  remark: BilingualText
}

function trendOf(levelMm: number, riseMmPerHour: number, readings: Readings, water: ResolvedWater): Trend {
  const next = nextThreshold(levelMm, water)
  const perHour = Math.abs(riseMmPerHour)
  const zh = [`水位 ${metres(levelMm)} 米`]
  const en = [`Level ${metres(levelMm)} m`]
  if (perHour >= 10) {
    zh.push(`每小时${riseMmPerHour > 0 ? '涨' : '落'} ${metres(perHour)} 米`)
    en.push(`${riseMmPerHour > 0 ? 'rising' : 'falling'} ${metres(perHour)} m an hour`)
  }
  if (!next || riseMmPerHour < 10)
    return { readings: { ...readings, riseMmPerHour }, remark: { zh: zh.join('，'), en: en.join(', ') } }
  const minutesToNextStage = Math.ceil(((next.levelMm - levelMm) / riseMmPerHour) * 60)
  const name = alarmTable.water.variants?.[next.stage]?.name
  zh.push(`约 ${minutesToNextStage} 分钟后到${name?.zh ?? next.stage}`)
  en.push(`about ${minutesToNextStage} min to the ${name?.en ?? next.stage}`)
  return {
    readings: { ...readings, riseMmPerHour, nextStage: next.stage, minutesToNextStage },
    remark: { zh: zh.join('，'), en: en.join(', ') },
  }
}

/** The gauge jumped and then went silent: the jump is taken as true. */
export function raiseUnconfirmed(judging: Judging, device: DeviceFacts, track: WaterTrack): void {
  const colour = unconfirmedColour(track, device.water)
  const levelMm = track.pending?.[1]
  if (!colour || levelMm === undefined) return
  const { readings, remark } = trendOf(levelMm, 0, { waterLevelMm: levelMm }, device.water)
  raise(judging, device, {
    kind: 'water',
    variant: 'unconfirmed',
    colour,
    isEdge: true,
    isLevel: true,
    readings,
    remark,
  })
}

/**
 * True when the level of a standing alarm has changed enough, and long enough after the last update, to send it
 * again.
 */
function isNews(judging: Judging, device: DeviceFacts, levelMm: number): boolean {
  const document = readAlarm(judging.memory, alarmKey(device.id, 'water'))
  if (!document || judging.now.steadyMs - document.writtenMs < tellsEachMs) return false
  return Math.abs(levelMm - (document.alarm.readings?.waterLevelMm ?? Infinity)) >= tellsFromMm
}

/** A late reading shows a higher level than was known: people are informed even if the water has fallen since. */
function raisePeak(judging: Judging, device: DeviceFacts, peak: WaterTrack, readings: Readings): void {
  const reached = waterColour(peak, device.water)
  const levelMm = peak.samples.at(-1)?.[1]
  if (!reached || levelMm === undefined) return
  const standing = readAlarm(judging.memory, alarmKey(device.id, 'water'))
  if (standing?.isPresent && !outranks(reached.colour, standing.alarm.colour)) return
  const trend = trendOf(levelMm, 0, { ...readings, waterLevelMm: levelMm }, device.water)
  raise(judging, device, { kind: 'water', ...reached, isEdge: false, isLevel: true, ...trend })
}

/** Acts on a reading that the track has stored. */
export function judgeWater(
  judging: Judging,
  device: DeviceFacts,
  track: WaterTrack,
  verdict: WaterVerdict,
  readings: Readings,
): void {
  judging.flags.push(...verdict.flags)
  if (verdict.wantsBurst && device.isRegistered)
    judging.commands.push({ device: device.id, do: 'burst', seconds: burstSeconds })
  if (verdict.fault)
    raise(judging, device, {
      kind: 'implausible-reading',
      variant: verdict.fault,
      isEdge: false,
      isLevel: true,
      readings,
    })
  if (verdict.peak) raisePeak(judging, device, verdict.peak, readings)
  const levelMm = track.samples.at(-1)?.[1]
  if (track.pending || track.outOfRange > 0 || levelMm === undefined) return
  if (!verdict.fault) clear(judging, device.id, 'implausible-reading')
  const reached = waterColour(track, device.water)
  if (!reached) return clear(judging, device.id, 'water')
  const trend = trendOf(levelMm, verdict.riseMmPerHour, readings, device.water)
  raise(judging, device, {
    kind: 'water',
    ...reached,
    isEdge: false,
    isLevel: true,
    isNews: isNews(judging, device, levelMm),
    ...trend,
  })
}

// Builds the sentences of an alarm in Chinese and English: kind, place, start time, and what to do.
import type { AlarmKind, BilingualText } from '../../protocols/domain/alarm.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { ClockQuality } from '../../protocols/domain/event.ts'
import type { DeviceFacts } from './resolved-settings.ts'

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

/** `06-11 08:15` in the village's own time. */
export function localTime(wallMs: number, utcOffsetMin: number): string {
  const local = new Date(wallMs + utcOffsetMin * 60_000)
  const day = `${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`
  return `${day} ${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`
}

/** The kind, with the variant where it has one. */
export function nameOfAlarm(kind: AlarmKind, variant: string | undefined): BilingualText {
  const row = alarmTable[kind]
  const own = variant === undefined ? undefined : row.variants?.[variant]?.name
  return own ? { zh: `${row.name.zh}（${own.zh}）`, en: `${row.name.en} (${own.en})` } : row.name
}

export interface TextFacts {
  kind: AlarmKind
  variant: string | undefined
  device: DeviceFacts
  remark: BilingualText | undefined
  raisedWallMs: number
  raisedClock: ClockQuality
  utcOffsetMin: number
  isDrill: boolean
  isCalledOff: boolean
}

/**
 * The guidance. The first that exists: the variant's (where the usual guidance would do harm), the device's, its
 * zone's, the table's.
 */
export function guidanceFor(
  kind: AlarmKind,
  variant: string | undefined,
  device: DeviceFacts,
): BilingualText {
  const careful = variant === undefined ? undefined : alarmTable[kind].variants?.[variant]?.guidance
  return careful ?? device.guidance[kind] ?? device.guidance.all ?? alarmTable[kind].guidance
}

export function alarmText(facts: TextFacts): BilingualText {
  const name = nameOfAlarm(facts.kind, facts.variant)
  const since = localTime(facts.raisedWallMs, facts.utcOffsetMin)
  const isSure = facts.raisedClock !== 'unsynced'
  const { zh: whereZh, en: whereEn } = facts.device.place
  const guidance = guidanceFor(facts.kind, facts.variant, facts.device)
  const remarkZh = facts.remark ? `${facts.remark.zh}。` : ''
  const remarkEn = facts.remark ? ` ${facts.remark.en}.` : ''
  return {
    zh: `${facts.isDrill ? '【演练】' : ''}${facts.isCalledOff ? '【住户称误触】' : ''}${name.zh}：${whereZh}。${remarkZh}自 ${since}${isSure ? '' : '（时钟未同步）'}起。处置：${guidance.zh}`,
    en: `${facts.isDrill ? '[DRILL] ' : ''}${facts.isCalledOff ? '[HOUSEHOLD: BY MISTAKE] ' : ''}${name.en}: ${whereEn}.${remarkEn} Since ${since}${isSure ? '' : ' (clock not synced)'}. Do: ${guidance.en}`,
  }
}

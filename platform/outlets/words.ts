// What people read: one sentence about the case in the receiver's language, from the table of kinds. Pure.
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import { colourSigns } from '../../protocols/domain/colour.ts'
import { outletStepNames } from '../../protocols/desk/outlets.ts'
import type { OutletMessage } from './message.ts'

export type Language = 'zh' | 'en'

export interface WordOptions {
  language: Language
  /** Local time, minutes ahead of UTC at a moment. */
  utcOffsetMin: (atMs: number) => number
}

const marks = {
  test: { zh: '【测试】', en: '[TEST] ' },
  drill: { zh: '【演练】', en: '[DRILL] ' },
}

/** `2026-03-01 08:30:00` by the clock of the town. */
export function localTime(atMs: number, utcOffsetMin: number): string {
  return new Date(atMs + utcOffsetMin * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}

export function kindWords({ kind, variant, title }: OutletMessage, language: Language): string {
  if (kind === undefined) return title[language]
  const { name, variants } = alarmTable[kind]
  const more = variant === undefined ? undefined : variants?.[variant]?.name[language]
  if (more === undefined) return name[language]
  return language === 'zh' ? `${name.zh}（${more}）` : `${name.en} (${more})`
}

/** What to do, from the table; undefined for a case that was opened by hand. */
export const guidanceOf = ({ kind, variant }: OutletMessage, language: Language): string | undefined => {
  if (kind === undefined) return undefined
  const { guidance, variants } = alarmTable[kind]
  return ((variant === undefined ? undefined : variants?.[variant]?.guidance) ?? guidance)[language]
}

/** Village, household, zone, and the further description, as far as they are known. */
export function placeWords({ villageName, place, zone, box }: OutletMessage): string {
  const parts = [villageName, place?.household, place?.zone ?? zone, place?.device, place?.text]
  const known = parts.filter((part) => part !== undefined && part !== '')
  return [...new Set(known)].join(' ') || (box ?? '')
}

/** `[DRILL] red: Emergency call (pressed), alarm; Upper Brook Zhang 3; 08:30:00; case-12; tel 138...`. */
export function sentence(message: OutletMessage, { language, utcOffsetMin }: WordOptions): string {
  const { colour, step, place, isDrill, isTest, case: id, text, atMs } = message
  const mark = isTest ? marks.test[language] : isDrill ? marks.drill[language] : ''
  const colourWord = colourSigns[colour][language]
  const stepWord = outletStepNames[step][language]
  const kind = kindWords(message, language)
  const where = placeWords(message)
  const time = localTime(atMs, utcOffsetMin(atMs)).slice(5, 16)
  const isFromPerson = isByPerson(message)
  if (language === 'zh') {
    const phone = place?.phone === undefined ? '' : `，电话 ${place.phone}`
    const more = isFromPerson ? `，${text}` : ''
    return `${mark}${colourWord} ${kind}，${stepWord}：${where}，${time}${phone}${more}（${id}）`
  }
  const phone = place?.phone === undefined ? '' : `; tel. ${place.phone}`
  const more = isFromPerson ? `; ${text}` : ''
  return `${mark}${colourWord}: ${kind}, ${stepWord}; ${where}; ${time}${phone}${more} (${id})`
}

/** What a household hears when it is called back, with the words of the person who asked for it. */
export function householdWords(message: OutletMessage, language: Language): string {
  const { isDrill, text } = message
  const mark = isDrill ? marks.drill[language] : ''
  const kind = kindWords(message, language)
  return language === 'zh'
    ? `${mark}您好，这里是值守中心。您家有一条报警：${kind}。${text} 平安请按 1，需要帮助请按 2。`
    : `${mark}This is the duty desk. There is an alarm from your home: ${kind}. ${text} If all is well, press 1. If you need help, press 2.`
}

/** What a person at the desk hears before the household's telephone rings. */
export function connectWords(message: OutletMessage, language: Language): string {
  const mark = message.isDrill ? marks.drill[language] : ''
  const kind = kindWords(message, language)
  const household = message.place?.household ?? ''
  return language === 'zh'
    ? `${mark}正在接通住户 ${household}，${message.villageName}：${kind}。`
    : `${mark}Connecting you with the household ${household}, ${message.villageName}: ${kind}.`
}

/** For a loudspeaker in the street: kind, place and what to do, and nothing about a person. */
export function publicWords(message: OutletMessage, language: Language): string {
  const { isDrill, isTest, colour, villageName, place, zone } = message
  const mark = isTest ? marks.test[language] : isDrill ? marks.drill[language] : ''
  const where = [villageName, place?.zone ?? zone].filter((part) => part !== undefined && part !== '')
  const guidance = isTest ? undefined : guidanceOf(message, language)
  const colourWord = colourSigns[colour][language]
  const kind = kindWords(message, language)
  return language === 'zh'
    ? `${mark}${colourWord}：${kind}，${where.join(' ')}。${guidance ?? ''}`
    : `${mark}${colourWord}: ${kind}, ${where.join(' ')}. ${guidance ?? ''}`.trim()
}

/** The history's text of these steps is for machines (`centre`), or was written by a person. */
const isByPerson = ({ who, text }: OutletMessage): boolean => who !== 'centre' && text !== ''

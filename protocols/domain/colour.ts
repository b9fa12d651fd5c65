// Colour is priority. It is decided in one pure function of the alarm engine and not changed after that.

export const colours = ['red', 'orange', 'yellow', 'blue'] as const
export type Colour = (typeof colours)[number]

/** Strict priorities of the uplink, most urgent first; each counts 1, 2, 3 ... inside an epoch. */
export const lanes = [...colours, 'routine', 'picture'] as const
export type Lane = (typeof lanes)[number]

/** 0 is the most urgent. */
export function urgency(colour: Colour): number {
  return colours.indexOf(colour)
}

/** True when `a` is more urgent than `b`. */
export function outranks(a: Colour, b: Colour): boolean {
  return urgency(a) < urgency(b)
}

/** Colour is never shown alone: the word and the symbol are shown with it, for people who can not see red. */
export const colourSigns: Record<Colour, { zh: string; en: string; symbol: string }> = {
  red: { zh: '红色', en: 'red', symbol: '▲' },
  orange: { zh: '橙色', en: 'orange', symbol: '◆' },
  yellow: { zh: '黄色', en: 'yellow', symbol: '■' },
  blue: { zh: '蓝色', en: 'blue', symbol: '●' },
}

/** Severity of the Common Alerting Protocol. */
export type CapSeverity = 'Extreme' | 'Severe' | 'Moderate' | 'Minor'

export const capByColour: Record<Colour, CapSeverity> = {
  red: 'Extreme',
  orange: 'Severe',
  yellow: 'Moderate',
  blue: 'Minor',
}
/** AlarmPriority of GB/T 28181. */
export const gbPriorityByColour: Record<Colour, number> = { red: 1, orange: 2, yellow: 3, blue: 4 }

// The grade of a zone says how closely a village watches it: 日常 daily, 一般 general, 重点 key, 严管 strict.

/** From the least to the most closely watched. */
export const zoneGrades = ['daily', 'general', 'key', 'strict'] as const
export type ZoneGrade = (typeof zoneGrades)[number]

export const gradeWords: Readonly<Record<ZoneGrade, { zh: string; en: string }>> = {
  daily: { zh: '日常', en: 'daily' },
  general: { zh: '一般', en: 'general' },
  key: { zh: '重点', en: 'key' },
  strict: { zh: '严管', en: 'strict' },
}

/** 0 is the most closely watched; an alarm without a zone, or of an older box, counts as general. */
export const gradeRank = (grade: ZoneGrade | undefined): number =>
  zoneGrades.length - 1 - zoneGrades.indexOf(grade ?? 'general')

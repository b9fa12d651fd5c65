// What `gengfu check` finds: faults with their remedies, and notes about what is well. As text for a person, or as JSON for a program.
import { faultText, inOrderOfFailure, type Fault, type FaultGrade } from '../../../protocols/health/faults.ts'

export interface Note {
  grade: 'good' | 'watch'
  zh: string
  en: string
}

export interface CheckReport {
  faults: Fault[]
  notes: Note[]
}

export const checkLanguages = ['both', 'zh', 'en'] as const
export type CheckLanguage = (typeof checkLanguages)[number]

/** 0: nothing has to be done now. 1: something does not work. 2: the configuration can not be read. */
export function exitCodeOf({ faults }: CheckReport): 0 | 1 | 2 {
  if (faults.some(({ code }) => code === 'config-wrong')) return 2
  return faults.some(({ grade }) => grade === 'act') ? 1 : 0
}

const signs: Record<FaultGrade | 'good', string> = { good: '✓', watch: '!', act: '✗' }

const inLanguage = ({ zh, en }: { zh: string; en: string }, language: CheckLanguage): string =>
  language === 'both' ? (zh === en ? en : `${en}  ${zh}`) : language === 'zh' ? zh : en

/** Faults in the order in which they were found, the clock first; each with what to do. */
export function textOf({ faults, notes }: CheckReport, language: CheckLanguage): string {
  const lines = faults.flatMap((fault) => {
    const { problem, remedy } = faultText(fault)
    return [
      `${signs[fault.grade]} ${inLanguage(problem, language)}`,
      `    -> ${inLanguage(remedy, language)}`,
    ]
  })
  return [...lines, ...notes.map((note) => `${signs[note.grade]} ${inLanguage(note, language)}`)]
    .map((line) => `${line}\n`)
    .join('')
}

export function jsonOf(report: CheckReport): object {
  return {
    v: 1,
    exitCode: exitCodeOf(report),
    faults: inOrderOfFailure(report.faults).map((fault) => ({ ...fault, ...faultText(fault) })),
    notes: report.notes,
  }
}

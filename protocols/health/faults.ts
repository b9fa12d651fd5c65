// The faults that a box can have, each with its words and its remedy: `gengfu check` at the box and the fleet page of the centre name
// the same ones.
import type { BilingualText } from '../domain/alarm.ts'
import { fillText } from './fill-text.ts'
import { boxWords, centreWords, deviceWords, machineWords } from './fault-words.ts'

/** `watch`: it works, and will not for ever. `act`: something does not work now. */
export const faultGrades = ['watch', 'act'] as const
export type FaultGrade = (typeof faultGrades)[number]

const table = { ...machineWords, ...boxWords, ...centreWords, ...deviceWords }
export type FaultCode = keyof typeof table
export const faultCodes = Object.keys(table) as FaultCode[]

export interface Fault {
  code: FaultCode
  grade: FaultGrade
  /** Of a device, a camera, a bridge, a file: what it is about. */
  about?: string
  /** When it will fail; absent: now. */
  failsAtMs?: number
  /** What the words name in braces. */
  facts: Readonly<Record<string, string | number>>
}

export interface FaultText {
  problem: BilingualText
  remedy: BilingualText
}

/** The words of a fault. */
export function faultText({ code, facts }: Pick<Fault, 'code' | 'facts'>): FaultText {
  const { problem, remedy } = table[code]
  return { problem: filled(problem, facts), remedy: filled(remedy, facts) }
}

const filled = ({ zh, en }: BilingualText, facts: Fault['facts']): BilingualText => ({
  zh: fillText(zh, facts),
  en: fillText(en, facts),
})

const gradeRank = (grade: FaultGrade): number => (grade === 'act' ? 0 : 1)

/** What fails next comes first: what fails now, then by the day, then what has no day. */
export function inOrderOfFailure<T extends Fault>(faults: readonly T[]): T[] {
  const day = ({ failsAtMs, grade }: Fault): number =>
    failsAtMs ?? (grade === 'act' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  // The pages run in browsers without toSorted.
  return [...faults].sort((one, other) => {
    const [a, b] = [day(one), day(other)]
    if (a !== b) return a < b ? -1 : 1
    return gradeRank(one.grade) - gradeRank(other.grade) || (one.code < other.code ? -1 : 1)
  })
}

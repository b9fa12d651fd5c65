// The rules for cases that are changed at the desk: every version is kept, the newest applies.
import type { CaseStep } from '../../domain/step-limits.ts'
import type { Colour } from '../../domain/colour.ts'

/** A key that is left out: the configuration file applies, and without it the alarm table. */
export interface CaseRules {
  /** ms by step and colour. */
  limitsMs?: Partial<Record<CaseStep, Partial<Record<Colour, number>>>>
  /** People who must accept a red one. */
  redAcceptances?: 1 | 2
  /** An accepted case without progress is open again at this share of the dispatch limit. */
  reopenAt?: number
  /** Colours whose cases must be reported upward. */
  mustReport?: Colour[]
}

export interface StoredCaseRules {
  /** 0: none was stored yet. */
  version: number
  rules: CaseRules
  /** Of the newest version. */
  who?: string
  atMs?: number
}

/** Shortest and longest limit. */
export const limitMsMin = 1000
export const limitMsMax = 90 * 86_400_000

// Storage's part of the figures: plain rows of a time span, and the audit trail in pages.
import type { CaseOutcome } from '../../protocols/domain/case.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { Scope } from '../../protocols/desk/scope.ts'
import type { Figures, MeasuredStep } from '../../protocols/desk/figures.ts'

export interface CaseRow {
  village: string
  colour: Colour
  isDrill: boolean
  /** Archived or merged: no step is due any more. */
  isOver: boolean
  openedAtMs: number
  outcome?: CaseOutcome
  /** When each step was first done. */
  doneAtMs: Partial<Record<MeasuredStep, number>>
  reopened: number
  supervisorCalls: number
}

export interface AlarmRow {
  box: string
  village: string
  device: string
  zone?: string
  kind: string
  occurrences: number
  receivedAtMs: number
  changedAtMs: number
  isActive: boolean
  isDrill: boolean
}

/** From `fromMs` on, before `toMs`. */
export interface Span {
  fromMs: number
  toMs: number
  /** Only boxes and cases of this village. */
  village?: string | undefined
  scope?: Scope | undefined
}

export interface FigureQuery extends Span {
  nowMs: number
  /** Those that count for availability. */
  boxes: readonly string[]
}

export interface FigureRows {
  cases: CaseRow[]
  alarms: AlarmRow[]
  isCut: boolean
}

export interface AuditEntry {
  position: number
  atMs: number
  /** An alarm, a case or a box. */
  about: string
  who: string
  what: string
  why: string
  /** Over the entry and the one before it about the same subject. */
  hash: string
  /** Over all entries up to this one. */
  chain: string
}

export interface AuditQuery {
  after: number
  limit: number
  who?: string | undefined
  about?: string | undefined
}

export interface FigureReaderCalls {
  figures(query: FigureQuery): Figures
  auditEntries(query: AuditQuery): AuditEntry[]
}

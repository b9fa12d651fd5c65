// Storage's part of search and of the ledgers.
import type { AlarmKind } from '../../protocols/domain/alarm.ts'
import type { Case } from '../../protocols/domain/case.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { DeskAlarm } from '../../protocols/desk/desk-alarm.ts'
import type { Scope } from '../../protocols/desk/scope.ts'

/** The conditions of a search; all must hold. Answers come newest first. */
export interface SearchCriteria {
  scope?: Scope | undefined
  /** Words of a place, household, device or text. */
  text?: string | undefined
  /** A village, or the code of a town or county. */
  village?: string | undefined
  kind?: AlarmKind | undefined
  colour?: Colour | undefined
  /** ms since 1970: from, and before. */
  fromMs?: number | undefined
  toMs?: number | undefined
}

/** Rows of one ledger; further rows are left out, and the ledger shows that. */
export const ledgerRowsMax = 20_000

export interface LedgerRows {
  alarms: DeskAlarm[]
  cases: Case[]
  isCut: boolean
}

export interface SearchReaderCalls {
  /** Oldest first. */
  ledgerRows(kind: 'alarms' | 'cases', find: SearchCriteria): LedgerRows
}

export const searchReaderCalls = ['ledgerRows'] as const satisfies (keyof SearchReaderCalls)[]

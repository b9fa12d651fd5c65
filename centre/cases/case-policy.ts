// The town's rules for cases: time limits of the steps, number of people to acknowledge red, rights of the roles.
import {
  lampAmberAt,
  lampRedAt,
  stepLimits,
  supervisorAt,
  type CaseStep,
} from '../../protocols/domain/step-limits.ts'
import type { Colour } from '../../protocols/domain/colour.ts'

export interface CasePolicy {
  /** ms; absent: the step has no deadline for this colour. */
  limitMs: (step: CaseStep, colour: Colour) => number | undefined
  /** Shares of the limit. */
  amberAt: number
  redAt: number
  supervisorAt: number
  /** An accepted case without progress is opened again at this share of the dispatch limit. */
  reopenAt: number
  acceptancesNeeded: (colour: Colour) => number
  /** Colours whose cases must be reported upward. */
  mustReport: (colour: Colour) => boolean
  /** True when a second person must review this case before it is archived: of blue, a sample of 10 %. */
  mustVerify: (colour: Colour, caseNumber: number) => boolean
}

export interface PolicySettings {
  limitsMs?: Partial<Record<CaseStep, Partial<Record<Colour, number>>>>
  reopenAt?: number
  redAcceptances?: 1 | 2
  mustReport?: readonly Colour[]
}

export function createCasePolicy(settings: PolicySettings = {}): CasePolicy {
  const must = new Set<Colour>(settings.mustReport ?? [])
  return {
    limitMs: (step, colour) => settings.limitsMs?.[step]?.[colour] ?? stepLimits[step][colour].limitMs,
    amberAt: lampAmberAt,
    redAt: lampRedAt,
    supervisorAt,
    reopenAt: settings.reopenAt ?? 2,
    acceptancesNeeded: (colour) => (colour === 'red' ? (settings.redAcceptances ?? 1) : 1),
    mustReport: (colour) => must.has(colour),
    mustVerify: (colour, caseNumber) => colour !== 'blue' || caseNumber % 10 === 0,
  }
}

/** A policy whose rules are replaced while it is in use. */
export interface LivePolicy {
  policy: CasePolicy
  use: (settings: PolicySettings) => void
}

export function createLivePolicy(settings: PolicySettings = {}): LivePolicy {
  let now = createCasePolicy(settings)
  return {
    policy: {
      limitMs: (step, colour) => now.limitMs(step, colour),
      get amberAt() {
        return now.amberAt
      },
      get redAt() {
        return now.redAt
      },
      get supervisorAt() {
        return now.supervisorAt
      },
      get reopenAt() {
        return now.reopenAt
      },
      acceptancesNeeded: (colour) => now.acceptancesNeeded(colour),
      mustReport: (colour) => now.mustReport(colour),
      mustVerify: (colour, caseNumber) => now.mustVerify(colour, caseNumber),
    },
    use: (next) => {
      now = createCasePolicy(next)
    },
  }
}

// Whether a new version has proven itself. Pure. A version never confirms itself by having started, and a link that is cut
// never sends a good version back.

/** Local proof has to be there within this. */
export const localProofMsMax = 120_000
/** Connected for so long without one Receipt, the new version is at fault, if the old one had a link. */
export const unansweredMsMax = 900_000

export interface ReleaseFacts {
  /** The checks that the box can make by itself, each with its obstacle until it works. */
  local: readonly { what: string; problem: string | undefined }[]
  hasUplink: boolean
  isReceipted: boolean
  /** How long the centre was connected in all without sending a Receipt. */
  unansweredMs: number
  /** The version before had Receipts when it was stopped. */
  hadLink: boolean
}

/** `proven`: works by itself and keeps the old version beside it; `confirmed`: the old version may go. */
export type ReleaseVerdict =
  | { state: 'trying' }
  | { state: 'proven' }
  | { state: 'confirmed' }
  | { state: 'failed'; reason: string }

export function judgeRelease(facts: ReleaseFacts, sinceStartMs: number): ReleaseVerdict {
  const missing = facts.local.filter(({ problem }) => problem !== undefined)
  if (missing.length > 0) {
    if (sinceStartMs < localProofMsMax) return { state: 'trying' }
    const words = missing.map(({ what, problem }) => `${what}: ${problem}`).join('; ')
    return { state: 'failed', reason: `not proven within ${localProofMsMax / 1000} s: ${words}` }
  }
  if (facts.isReceipted || !facts.hasUplink) return { state: 'confirmed' }
  if (facts.hadLink && facts.unansweredMs >= unansweredMsMax)
    return {
      state: 'failed',
      reason: `connected to the centre for ${Math.round(facts.unansweredMs / 60_000)} minutes without one Receipt, which the version before got`,
    }
  return { state: 'proven' }
}

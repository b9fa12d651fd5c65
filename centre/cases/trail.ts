// The trail of a case: who did what and when, each entry sealed with the hash of the entry before it.
import { createHash } from 'node:crypto'

export interface TrailEntry {
  /** The subject of the entry: an alarm's id, a case's id, `box {boxId}`. */
  alarm: string
  atMs: number
  who: string
  what: string
  why: string
}

/** The hash before the first entry of a trail. */
export const trailStart = '0'.repeat(64)

/** SHA-256 over the previous hash and the entry's fields in fixed order, as lower-case hexadecimal. */
export function trailHash(previous: string, { alarm, atMs, who, what, why }: TrailEntry): string {
  return createHash('sha256')
    .update(JSON.stringify([previous, alarm, atMs, who, what, why]))
    .digest('hex')
}

/** SHA-256 over the chain so far and the next entry's own hash: the chain over the whole trail. */
export function chainHash(previous: string, hash: string): string {
  return createHash('sha256').update(`${previous} ${hash}`).digest('hex')
}

/** The result of reading the whole trail. */
export interface AuditFinding {
  isGood: boolean
  entries: number
  /** To be stored outside the database: changing the past then requires changing it there too. */
  head?: string
  /** The first entry whose hash does not match the entries before it. */
  broken?: { position: number; about: string; atMs: number }
  /** Entries that were in the chain and are missing now. */
  missing?: number
  /** The head that was stored outside does not belong to this trail. */
  isAnchorMissing?: boolean
}

export interface ChainedEntry extends TrailEntry {
  hash: string
}

/** The index of the first entry whose hash does not match the one before it; -1 when the chain is intact. */
export function findChainBreak(entries: readonly ChainedEntry[]): number {
  let previous = trailStart
  return entries.findIndex((entry) => {
    const isBroken = trailHash(previous, entry) !== entry.hash
    previous = entry.hash
    return isBroken
  })
}

// An outbox in memory that follows the real port: the source of records in the uplink's tests.
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import type { LanePositions, Outbox, StoredRecord } from '../../../gateway/journal/port.ts'

export interface MemoryOutbox extends Outbox {
  /** Commits records with these bodies in `lane` and calls the listeners. */
  commit(lane: Lane, ...bodies: string[]): void
  /** Removes records as on a full disk. */
  evict(lane: Lane, from: number, to: number): void
  readonly reads: { lane: Lane; after: number }[]
}

export function createMemoryOutbox(epoch = 'e0e0e0e0e0e0'): MemoryOutbox {
  const positions = Object.fromEntries(
    lanes.map((lane) => [lane, { last: 0, receipted: 0 }]),
  ) as LanePositions
  const stored = new Map<Lane, (StoredRecord | undefined)[]>(lanes.map((lane) => [lane, []]))
  const listeners = new Set<(records: readonly StoredRecord[]) => void>()
  const reads: { lane: Lane; after: number }[] = []
  return {
    epoch,
    unproven: undefined,
    prove: async () => undefined,
    renew: async () => false,
    reads,
    positions: () => structuredClone(positions),
    read: async (lane, after, { recordsMax, bytesMax }) => {
      reads.push({ lane, after })
      const found: StoredRecord[] = []
      let bytes = 0
      const all = stored.get(lane) ?? []
      for (let i = after; i < all.length && found.length < recordsMax; i++) {
        const record = all[i]
        if (!record) continue
        if (found.length > 0 && bytes + record.body.length > bytesMax) break
        bytes += record.body.length
        found.push(record)
      }
      return found
    },
    settle: (lane, storedTo) => {
      positions[lane].receipted = Math.max(positions[lane].receipted, storedTo)
    },
    stepBack: (lane, storedTo) => {
      positions[lane].receipted = Math.min(positions[lane].receipted, storedTo)
    },
    onCommitted: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    commit: (lane, ...bodies) => {
      const records = bodies.map((body): StoredRecord => ({ lane, number: ++positions[lane].last, body }))
      stored.get(lane)?.push(...records)
      for (const listener of listeners) listener(records)
    },
    evict: (lane, from, to) => {
      const all = stored.get(lane) ?? []
      for (let number = from; number <= to; number++) all[number - 1] = undefined
    },
  }
}

// The thread that writes, with bulk in parts: it ends a transaction of bulk early when another call waits, here or at another centre, and
// gets the rest as a call behind that one.
import type { StorageThread } from '../call-names.ts'
import { isBulk } from '../intake/bulk.ts'
import type { IntakeBatch, StoredIntake } from '../intake/intake-port.ts'

/** `waiting`: shared with the thread, the number of calls that are not bulk and have no answer yet. */
export function createYieldingWriter(thread: StorageThread, waiting: Int32Array): StorageThread {
  return {
    close: () => thread.close(),
    call: async (name, args) => {
      const batch = name === 'storeIntake' ? (args[0] as IntakeBatch) : undefined
      if (batch && isBulk(batch)) return storeInParts(thread, batch)
      Atomics.add(waiting, 0, 1)
      try {
        return await thread.call(name, args)
      } finally {
        Atomics.sub(waiting, 0, 1)
      }
    },
  }
}

/** A part that fails leaves those before it stored: the boxes send all of it again, which changes nothing. */
async function storeInParts(thread: StorageThread, batch: IntakeBatch): Promise<StoredIntake> {
  const all: Pick<StoredIntake, 'changes' | 'spoilt'> = { changes: [], spoilt: [] }
  for (let left = batch; ;) {
    const { storedLanes, ...stored } = (await thread.call('storeIntake', [left])) as StoredIntake
    all.changes.push(...stored.changes)
    all.spoilt.push(...stored.spoilt)
    if (storedLanes === undefined) return { ...stored, ...all }
    left = { ...left, lanes: left.lanes.slice(storedLanes) }
  }
}

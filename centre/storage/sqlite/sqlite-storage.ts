// Storage over SQLite: one thread writes, one reads, behind the port.
import { openThreads } from '../call-names.ts'
import type { Storage } from '../port.ts'
import type { StorageFailure } from '../storage-failure.ts'
import { startThread } from '../../../platform/thread.ts'
import { WorkerClient } from './thread/worker-client.ts'
import type { WorkerStart } from './thread/worker-messages.ts'

/** Rare enough that a page written repeatedly is checkpointed once. */
const foldEveryDefaultMs = 10_000

/**
 * `onThreadEnded`: a thread ended without `close`: storage has stopped working. Opens (and creates, checks, migrates)
 * the file; throws StorageFailure with the reason in words.
 */
export function openSqliteStorage(
  file: string,
  nowMs: number,
  foldEveryMs = foldEveryDefaultMs,
  onThreadEnded: (failure: StorageFailure) => void = () => {},
): Promise<Storage> {
  return openThreads((role) => {
    const workerData: WorkerStart = { role, file, nowMs, foldEveryMs }
    const thread = startThread(import.meta.url, 'centre/storage/sqlite/thread/storage-worker', { workerData })
    return WorkerClient.open(thread, onThreadEnded)
  })
}

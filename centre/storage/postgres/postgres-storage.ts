// Storage over PostgreSQL behind the same port: one thread writes, one reads, each with a session of its own.
import { startThread } from '../../../platform/thread.ts'
import { openThreads } from '../call-names.ts'
import type { Storage } from '../port.ts'
import type { StorageFailure } from '../storage-failure.ts'
import { WorkerClient } from '../sqlite/thread/worker-client.ts'
import type { PostgresAddress } from './address.ts'
import type { PostgresOpening } from './open-database.ts'
import { createYieldingWriter } from './yielding-writer.ts'

export interface PostgresStorageOptions {
  address: PostgresAddress
  /** Shown by the server: which centre this is. */
  name: string
  nowMs: number
  onThreadEnded?: (failure: StorageFailure) => void
}

/** Connects, creates and migrates the tables; throws StorageFailure with the reason in words. */
export function openPostgresStorage(options: PostgresStorageOptions): Promise<Storage> {
  const { address, name, nowMs, onThreadEnded = () => {} } = options
  const urgent = new SharedArrayBuffer(4)
  return openThreads(async (role) => {
    const workerData: PostgresOpening = { address, role, name, nowMs, urgent }
    const thread = startThread(import.meta.url, 'centre/storage/postgres/thread/postgres-worker', {
      workerData,
    })
    const client = await WorkerClient.open(thread, onThreadEnded)
    return role === 'writer' ? createYieldingWriter(client, new Int32Array(urgent)) : client
  })
}

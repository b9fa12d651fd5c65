// A thread with one connection to PostgreSQL, the writer's or the reader's.
import { parentPort, workerData } from 'node:worker_threads'
import { createReader } from '../../sqlite/reader.ts'
import { serveCalls } from '../../sqlite/thread/serve-calls.ts'
import { createWriter } from '../../sqlite/writer.ts'
import { openPostgres, type PostgresOpening } from '../open-database.ts'

if (!parentPort) throw new Error('postgres-worker runs as a worker thread only')
const opening = workerData as PostgresOpening

serveCalls(parentPort, () => {
  const db = openPostgres(opening)
  return { calls: opening.role === 'writer' ? createWriter(db) : createReader(db), close: () => db.close() }
})

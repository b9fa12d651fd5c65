// A thread that owns one SQLite connection, the writer's or the reader's. The reader's also checkpoints the log, because readers may
// wait.
import { parentPort, workerData } from 'node:worker_threads'
import { LogCheckpoints, openReader, openWriter } from '../database.ts'
import { createReader } from '../reader.ts'
import { createWriter } from '../writer.ts'
import { serveCalls, type OpenedThread } from './serve-calls.ts'
import type { WorkerStart } from './worker-messages.ts'

if (!parentPort) throw new Error('storage-worker runs as a worker thread only')
const { role, file, nowMs, foldEveryMs } = workerData as WorkerStart

function open(): OpenedThread {
  if (role === 'writer') {
    const db = openWriter(file, nowMs)
    return { calls: createWriter(db), close: () => db.close() }
  }
  const db = openReader(file)
  const calls = createReader(db)
  const log = new LogCheckpoints(file)
  const folding = setInterval(() => log.fold(), foldEveryMs)
  const close = (): void => {
    clearInterval(folding)
    log.close()
    db.close()
  }
  return { calls, close }
}

serveCalls(parentPort, open)

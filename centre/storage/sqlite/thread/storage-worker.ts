// A thread that owns one SQLite connection, the writer's or the reader's, and answers calls one after the other. The
// reader's also checkpoints the log, because readers may wait.
import { parentPort, workerData } from 'node:worker_threads'
import { LogCheckpoints, openReader, openWriter, type Sqlite } from '../database.ts'
import { createReader } from '../reader.ts'
import { toStorageFailure } from '../../storage-failure.ts'
import type { Answer, Call, WorkerStart } from './worker-messages.ts'
import { createWriter } from '../writer.ts'

const port = parentPort
if (!port) throw new Error('storage-worker runs as a worker thread only')
const { role, file, nowMs, foldEveryMs } = workerData as WorkerStart

let db: Sqlite | undefined
let log: LogCheckpoints | undefined
let folding: NodeJS.Timeout | undefined
let calls: Record<string, (...args: never[]) => unknown> = {}

function answer(message: Answer): void {
  port?.postMessage(message)
}

function fail(id: number, error: unknown): void {
  const { code, message } = toStorageFailure(error)
  answer({ id, ok: false, code, message })
}

try {
  db = role === 'writer' ? openWriter(file, nowMs) : openReader(file)
  calls = { ...(role === 'writer' ? createWriter(db) : createReader(db)) }
  if (role === 'reader') {
    const opened = (log = new LogCheckpoints(file))
    folding = setInterval(() => opened.fold(), foldEveryMs)
  }
  answer({ id: 0, ok: true, value: undefined })
} catch (error) {
  fail(0, error)
  port.close()
}

port.on('message', ({ id, call, args }: Call) => {
  try {
    if (call === 'close') {
      clearInterval(folding)
      log?.close()
      db?.close()
      answer({ id, ok: true, value: undefined })
      port.close()
      return
    }
    const run = calls[call]
    if (!run) throw new Error(`no such call: ${call}`)
    answer({ id, ok: true, value: run(...(args as never[])) })
  } catch (error) {
    fail(id, error)
  }
})

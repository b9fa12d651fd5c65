// Starts the journal's thread, compiled or from source, and turns its messages into promises.
import { startThread } from '../../platform/thread.ts'
import { ThreadCalls } from '../../platform/thread-calls.ts'
import { JournalError, type SpaceFacts } from './port.ts'
import type { OpenedJournal, WorkerOptions, WorkerReply, WorkerRequest } from './worker-messages.ts'

/** Batches are short-lived: a large young generation would only use memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

export interface JournalThread {
  opened: OpenedJournal
  ask(request: WorkerRequest): Promise<unknown>
  /** Bytes of the journal's files at the last answer. */
  sizeBytes(): number
  space(): SpaceFacts
  /** Rows found damaged since it was opened. */
  spoilt(): number
  ended: Promise<void>
}

/** Opens the journal in `options.folder` on a new thread; rejects with JournalError when that fails. */
export async function openWorker(options: WorkerOptions): Promise<JournalThread> {
  const worker = startThread(import.meta.url, 'gateway/journal/journal-worker', {
    workerData: options,
    resourceLimits,
  })
  const calls = new ThreadCalls()
  let size = 0
  let space: SpaceFacts | undefined
  let spoilt = 0

  let hasEnded = false
  // The thread answers its start as call 0.
  const opening = calls.call(() => undefined)
  worker.on('message', (reply: WorkerReply) => {
    if ('opened' in reply) calls.resolve(reply.id, reply.opened)
    else if ('error' in reply) {
      space = reply.space ?? space
      calls.reject(reply.id, new JournalError(reply.error.code, reply.error.message))
    } else {
      size = reply.sizeBytes
      space = reply.space
      spoilt = reply.spoilt
      calls.resolve(reply.id, reply.value)
    }
  })
  worker.on('error', (error) =>
    calls.rejectAll(new JournalError('THREAD', `the journal's thread failed: ${error.message}`)),
  )
  const ended = new Promise<void>((resolve) =>
    worker.on('exit', () => {
      hasEnded = true
      calls.rejectAll(closed())
      resolve()
    }),
  )
  const opened = (await opening) as OpenedJournal
  size = opened.sizeBytes
  return {
    opened,
    ask: (request) =>
      hasEnded ? Promise.reject(closed()) : calls.call((id) => worker.postMessage({ id, request })),
    sizeBytes: () => size,
    space: () => space ?? opened.space,
    spoilt: () => spoilt,
    ended,
  }
}

const closed = (): JournalError => new JournalError('CLOSED', 'the journal is closed')

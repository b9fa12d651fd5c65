// The thread that talks to PostgreSQL for one storage thread, which waits for each answer. It connects when it is asked and
// no session is open.
import { parentPort, workerData } from 'node:worker_threads'
import { codeOf, messageOf } from '../../../../platform/failure.ts'
import type { PostgresThreadStart, SqlAnswer, SqlRequest } from './messages.ts'
import { connectPrimary, Session } from './session.ts'

if (!parentPort) throw new Error('postgres-thread runs as a worker thread only')
const { address, name, signal, port } = workerData as PostgresThreadStart
const turns = new Int32Array(signal)
let session: Session | undefined

async function answerTo(request: SqlRequest): Promise<SqlAnswer> {
  const isNew = !session?.isOpen
  try {
    if (!session?.isOpen) session = new Session(await connectPrimary(address, name))
  } catch (error) {
    const code = codeOf(error) || 'unreachable'
    return { results: [], warnings: [], error: { code, message: messageOf(error), isCut: true } }
  }
  // The rest of a transaction whose session was lost must not run in a new one.
  if (isNew && request.isRest)
    return {
      results: [],
      warnings: [],
      error: { code: 'cut', message: 'the session has ended', isCut: true },
    }
  return session.run(request)
}

async function serve(request: SqlRequest | 'close'): Promise<void> {
  if (request === 'close') await session?.close()
  port.postMessage(request === 'close' ? { results: [], warnings: [] } : await answerTo(request))
  Atomics.add(turns, 0, 1)
  Atomics.notify(turns, 0)
  if (request === 'close') port.close()
}

port.on('message', (request: SqlRequest | 'close') => void serve(request))

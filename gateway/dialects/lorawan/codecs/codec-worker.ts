// The thread in which vendors' codecs run: one call at a time, and no data of ours in it that a codec could reach.
import { parentPort, workerData } from 'node:worker_threads'
import { createEngines, runCodec, type CodecCall, type CodecOutcome } from './engine.ts'

/** Sent before the first call: the engine is ready. */
export type WorkerReply = { id: number; outcome: CodecOutcome } | { ready: true }

const { wasmFile } = workerData as { wasmFile: string }
const engines = createEngines(wasmFile)
void engines.start().then((first) => {
  let engine = first
  const take = async ({ id, call }: { id: number; call: CodecCall }): Promise<void> => {
    let outcome: CodecOutcome
    try {
      outcome = runCodec(engine, call)
    } catch (error) {
      // The engine itself failed, mostly because memory ran out.
      outcome = { failure: `the engine stopped: ${(error as Error).message.slice(0, 200)}`, isSpent: true }
    }
    // The state that an interrupted call left is unknown.
    if ('failure' in outcome && outcome.isSpent) engine = await engines.start()
    parentPort?.postMessage({ id, outcome } satisfies WorkerReply)
  }
  // One call at a time: the next one comes after the answer.
  parentPort?.on('message', (message: { id: number; call: CodecCall }) => void take(message))
  parentPort?.postMessage({ ready: true } satisfies WorkerReply)
})

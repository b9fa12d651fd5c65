// The thread in which vendors' codecs run: one call at a time, and no data of ours in it that a codec could reach.
import { parentPort, workerData } from 'node:worker_threads'
import { loadEngine, runCodec, type CodecCall, type CodecOutcome } from './engine.ts'

/** Sent before the first call: the engine is ready. */
export type WorkerReply = { id: number; outcome: CodecOutcome } | { ready: true }

const { wasmFile } = workerData as { wasmFile: string }
void loadEngine(wasmFile).then((engine) => {
  parentPort?.on('message', ({ id, call }: { id: number; call: CodecCall }) => {
    let outcome: CodecOutcome
    try {
      outcome = runCodec(engine, call)
    } catch (error) {
      // The engine itself failed, mostly because memory ran out.
      outcome = { failure: `the engine stopped: ${(error as Error).message.slice(0, 200)}`, isSpent: true }
    }
    parentPort?.postMessage({ id, outcome } satisfies WorkerReply)
  })
  parentPort?.postMessage({ ready: true } satisfies WorkerReply)
})

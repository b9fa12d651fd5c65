// The messages between a storage thread and the program.

export interface WorkerStart {
  role: 'writer' | 'reader'
  file: string
  /** Wall time of the start, ms since 1970. */
  nowMs: number
  /** Milliseconds between two checkpoints by the reader's thread. */
  foldEveryMs: number
}

/** `call` is a name of StorageCalls, or `close`. */
export interface Call {
  id: number
  call: string
  args: unknown[]
}

/** The answer to call `id`; 0 answers the opening itself. */
export type Answer =
  | { id: number; ok: true; value: unknown }
  | { id: number; ok: false; code: string; message: string }

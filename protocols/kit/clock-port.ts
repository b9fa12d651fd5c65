// The Clock as a type only: browser code may import it without Node's timers.

/** A moment read from a Clock. */
export interface Clock {
  /** Milliseconds on a clock that never steps back while the process lives; not comparable between processes. */
  monotonicMs(): number
  /** Milliseconds since 1970 by this machine's clock; may step by years in either direction. */
  wallMs(): number
  /** Calls `run` once after `delayMs` of monotonic time; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void
}

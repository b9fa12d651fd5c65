// The Clock as a type alone: what browser code may import without knowing Node's timers.

/** A moment read from a Clock. */
export interface Clock {
  /** Milliseconds on a clock that never steps back while the process lives; no meaning between processes. */
  monotonicMs(): number
  /** Milliseconds since 1970 as this machine believes; may step by years in either direction. */
  wallMs(): number
  /** Calls `run` once after `delayMs` of monotonic time; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void
}

// Reads of one list, one at a time: when answers are slow, a read by the clock joins the one that is under way.
export interface ReadTurns {
  /** The read that is under way, else a new one. */
  join: () => Promise<void>
  /** A read that begins after this call: it shows what was just sent. */
  fresh: () => Promise<void>
}

export function createReadTurns(read: () => Promise<void>): ReadTurns {
  let running: Promise<void> | undefined
  const join = (): Promise<void> => (running ??= read().finally(() => (running = undefined)))
  return {
    join,
    fresh: async () => {
      // Its failure is shown to those who asked for it.
      await running?.catch(() => undefined)
      await join()
    },
  }
}

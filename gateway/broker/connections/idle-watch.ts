// Closes connections whose device set no keepalive and vanished: they would stay for ever.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Connection } from './connection.ts'
import type { Refusals } from '../refusals.ts'

export interface IdleWatchOptions {
  connections: () => Iterable<Connection>
  clock: Clock
  idleMs: number
  refusals: Refusals
}

const lookEveryMs = 1000

/** Checks every connection from time to time; returns the undo. */
export function watchIdle({ connections, clock, idleMs, refusals }: IdleWatchOptions): () => void {
  let cancel: () => void
  const look = (): void => {
    const oldestMs = clock.monotonicMs() - idleMs
    for (const connection of connections()) {
      if (!connection.isOpen || connection.keepaliveSeconds > 0 || connection.lastHeardMs > oldestMs) continue
      refusals.report('idle', { device: connection.identity?.device })
      connection.end('idle')
    }
    cancel = clock.after(lookEveryMs, look)
  }
  cancel = clock.after(lookEveryMs, look)
  return () => cancel()
}

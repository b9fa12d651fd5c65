// Opens the TCP connection to the centre, and does not wait for the kernel's patience while an alarm waits.
import net from 'node:net'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { opened } from './opened.ts'

/** While red or orange waits another SYN leaves this long after the last: the kernel's own pauses double up to many seconds. */
const redialMs = 1000
const lookEachMs = 250
/** Sockets that may try at once. */
const attemptsMax = 16

export interface DialOptions {
  signal: AbortSignal
  clock: Clock
  /** A red or orange record waits for this connection. */
  isUrgent: () => boolean
}

/** The first of the attempts that is answered; rejects when all have failed, or `signal` aborts. */
export function dial(
  host: string,
  port: number,
  { signal, clock, isUrgent }: DialOptions,
): Promise<net.Socket> {
  const giveUp = new AbortController()
  return new Promise((resolve, reject) => {
    let [attempts, failed, dialledMs, isDone] = [0, 0, 0, false]
    let cancelLook = (): void => undefined
    const finish = (chosen: net.Socket | undefined, error?: unknown): void => {
      if (isDone) return void chosen?.destroy()
      isDone = true
      cancelLook()
      signal.removeEventListener('abort', abort)
      giveUp.abort(new Error('another attempt was quicker'))
      if (chosen) resolve(chosen)
      else reject(error instanceof Error ? error : new Error('gave up', { cause: error }))
    }
    const abort = (): void => finish(undefined, signal.reason)
    const attempt = (): void => {
      attempts++
      dialledMs = clock.monotonicMs()
      const socket = net.connect({ host, port, autoSelectFamily: true })
      opened(socket, 'connect', giveUp.signal)
        .then(() => finish(socket))
        .catch((error: unknown) => {
          if (++failed === attempts) finish(undefined, error)
        })
    }
    const look = (): void => {
      cancelLook = clock.after(lookEachMs, () => {
        look()
        const isOverdue = clock.monotonicMs() - dialledMs >= redialMs
        if (isOverdue && isUrgent() && attempts < attemptsMax) attempt()
      })
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    attempt()
    look()
  })
}

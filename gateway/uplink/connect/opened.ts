// Waits until a socket is open, has failed, or is aborted.
import { ConnectFailure, reasonOf } from './connect-failure.ts'

interface Openable {
  once(event: string, listener: (error: Error) => void): unknown
  off(event: string, listener: (error: Error) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  destroy?(): unknown
  terminate?(): unknown
}

export function opened(target: Openable, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: unknown): void => {
      target.off(event, succeed)
      target.off('close', close)
      target.off('error', fail)
      signal.removeEventListener('abort', abort)
      if (error === undefined) return resolve()
      // Later errors of the socket are ignored, but without a listener they would end the program.
      target.on('error', () => undefined)
      if (target.terminate) target.terminate()
      else target.destroy?.()
      reject(new ConnectFailure(reasonOf(error), { cause: error }))
    }
    const succeed = (): void => finish()
    const fail = (error: Error): void => finish(error)
    const close = (): void => finish(new Error('closed before it was open'))
    const abort = (): void => finish(signal.reason ?? new Error('aborted'))
    target.once(event, succeed)
    target.once('close', close)
    target.once('error', fail)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}

// What a storage thread does: opens its connection, and answers calls one after the other.
import type { MessagePort } from 'node:worker_threads'
import { toStorageFailure } from '../../storage-failure.ts'
import type { Answer, Call } from './worker-messages.ts'

export interface OpenedThread {
  calls: object
  close: () => void
}

export function serveCalls(port: MessagePort, open: () => OpenedThread): void {
  const answer = (message: Answer): void => port.postMessage(message)
  const fail = (id: number, error: unknown): void => {
    const { code, message } = toStorageFailure(error)
    answer({ id, ok: false, code, message })
  }
  let opened: OpenedThread | undefined
  try {
    opened = open()
    answer({ id: 0, ok: true, value: undefined })
  } catch (error) {
    fail(0, error)
    port.close()
  }
  const calls = { ...opened?.calls } as Record<string, (...args: never[]) => unknown>
  port.on('message', ({ id, call, args }: Call) => {
    try {
      if (call === 'close') {
        opened?.close()
        answer({ id, ok: true, value: undefined })
        port.close()
        return
      }
      const run = calls[call]
      if (!run) throw new Error(`no such call: ${call}`)
      answer({ id, ok: true, value: run(...(args as never[])) })
    } catch (error) {
      fail(id, error)
    }
  })
}

// A connection whose caller waits: storage's parts are written for SQLite, which answers at once. The thread of this caller has
// nothing else to do; the talking is done by a second thread, and waiting costs no processor time.
import { MessageChannel, receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads'
import { startThread } from '../../../../platform/thread.ts'
import type { PostgresAddress } from '../address.ts'
import type { PostgresThreadStart, SqlAnswer, SqlRequest } from './messages.ts'

/** The thread answers every request within its deadline; beyond this it is dead. */
const graceMs = 60_000

export class WaitingConnection {
  readonly #thread: Worker
  readonly #port: MessagePort
  readonly #turns: Int32Array

  constructor(address: PostgresAddress, name: string) {
    const signal = new SharedArrayBuffer(4)
    const { port1, port2 } = new MessageChannel()
    const workerData: PostgresThreadStart = { address, name, signal, port: port2 }
    this.#turns = new Int32Array(signal)
    this.#port = port1
    this.#thread = startThread(import.meta.url, 'centre/storage/postgres/connection/postgres-thread', {
      workerData,
      transferList: [port2],
    })
    this.#thread.unref()
    port1.unref()
  }

  ask(request: SqlRequest): SqlAnswer {
    return this.#send(request, request.deadlineMs + graceMs)
  }

  close(): void {
    this.#send('close', graceMs)
    this.#port.close()
  }

  #send(request: SqlRequest | 'close', waitMsMax: number): SqlAnswer {
    let turn = Atomics.load(this.#turns, 0)
    this.#port.postMessage(request)
    for (;;) {
      const answer = receiveMessageOnPort(this.#port) as { message: SqlAnswer } | undefined
      if (answer) return answer.message
      if (Atomics.wait(this.#turns, 0, turn, waitMsMax) === 'timed-out')
        throw new Error('the thread of PostgreSQL does not answer')
      turn = Atomics.load(this.#turns, 0)
    }
  }
}

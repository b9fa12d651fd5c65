// What people and programs see during the campaign: a desk at each centre, which connects again behind the last change it has, and a
// program that reads every stored record once, whatever centre answers.
import { WebSocket } from 'ws'
import type { EventsAnswer } from '../../../protocols/desk/api.ts'
import { pause } from '../../bench/options.ts'

/** Longer than a centre that stands still. */
const answerMsMax = 5000

export class CountyDesk {
  /** How often each alarm was raised here. */
  readonly raised = new Map<string, number>()
  readonly violations: string[] = []
  resyncs = 0
  readonly #port: number
  readonly #token: string
  #after = ''
  #last = 0
  #socket: WebSocket | undefined
  #isOver = false

  constructor(port: number, token: string) {
    this.#port = port
    this.#token = token
    this.#open()
  }

  #open(): void {
    if (this.#isOver) return
    const after = this.#after === '' ? '' : `?after=${this.#after}`
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/api/v1/stream${after}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    })
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => this.#hear(data))
    socket.on('close', () => setTimeout(() => this.#open(), 200))
  }

  #hear(data: Buffer): void {
    const { type, position, alarm } = JSON.parse(data.toString()) as {
      type: string
      position: string
      alarm?: { id: string }
    }
    if (type === 'resync') this.resyncs += 1
    if (type === 'hello' || type === 'resync') {
      if (this.#after === '' || type === 'resync') this.#after = position
      return
    }
    if (Number(position) <= this.#last)
      this.violations.push(`desk ${this.#port}: ${type} at position ${position} after ${this.#last}`)
    this.#last = Math.max(this.#last, Number(position))
    this.#after = String(this.#last)
    if (type === 'alarm.raised' && alarm) this.raised.set(alarm.id, (this.raised.get(alarm.id) ?? 0) + 1)
  }

  end(): void {
    this.#isOver = true
    this.#socket?.terminate()
  }
}

export class CountyReader {
  /** box/lane/number -> how often it was read. */
  readonly read = new Map<string, number>()
  readonly #ports: readonly number[]
  readonly #token: string
  #cursor = ''
  #isOver = false
  readonly #running: Promise<void>

  constructor(ports: readonly number[], token: string) {
    this.#ports = ports
    this.#token = token
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    for (let at = 0; !this.#isOver;)
      try {
        const answer = await fetch(
          `http://127.0.0.1:${this.#ports[at % this.#ports.length]}/api/v1/events?limit=1000&after=${this.#cursor}`,
          { headers: { authorization: `Bearer ${this.#token}` }, signal: AbortSignal.timeout(answerMsMax) },
        )
        if (!answer.ok) throw new Error(String(answer.status))
        const { events, next, isEnd } = (await answer.json()) as EventsAnswer
        for (const { box, lane, number } of events) {
          const key = `${box}/${lane}/${number}`
          this.read.set(key, (this.read.get(key) ?? 0) + 1)
        }
        this.#cursor = next
        if (isEnd) await pause(100)
      } catch {
        at += 1
        await pause(100)
      }
  }

  end(): Promise<void> {
    this.#isOver = true
    return this.#running
  }
}

// A desk that measures each alarm of a storm: milliseconds from its Report to the message of the stream.
import { WebSocket } from 'ws'
import type { Colour } from '../../../protocols/domain/colour.ts'
import { pause } from '../options.ts'

export class StormDesk {
  readonly redMs: number[] = []
  readonly otherMs: number[] = []
  readonly #sent = new Map<string, { startMs: number; colour: Colour }>()
  readonly #stream: WebSocket

  private constructor(stream: WebSocket) {
    this.#stream = stream
    stream.on('message', (data: Buffer) => {
      const { type, alarm } = JSON.parse(data.toString()) as { type: string; alarm?: { id: string } }
      const press = type === 'alarm.raised' && alarm ? this.#sent.get(alarm.id) : undefined
      if (!press || !alarm) return
      this.#sent.delete(alarm.id)
      ;(press.colour === 'red' ? this.redMs : this.otherMs).push(performance.now() - press.startMs)
    })
  }

  static async open(port: number, token: string): Promise<StormDesk> {
    const stream = new WebSocket(`ws://127.0.0.1:${port}/api/v1/stream`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    await new Promise((resolve) => stream.once('message', resolve))
    return new StormDesk(stream)
  }

  /** Call it before the alarm is sent; `id` as the centre names it. */
  expects(id: string, colour: Colour): void {
    this.#sent.set(id, { startMs: performance.now(), colour })
  }

  /** Throws when alarms are missing after this time. */
  async end(lateMsMax: number): Promise<void> {
    for (let waited = 0; this.#sent.size > 0 && waited < lateMsMax; waited += 100) await pause(100)
    this.#stream.terminate()
    if (this.#sent.size > 0) throw new Error(`${this.#sent.size} alarms did not reach the desk`)
  }
}

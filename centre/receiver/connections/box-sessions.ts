// The sessions that each box has now, and what is sent down to them. A box that reads nothing is dropped.
import type { Client } from 'aedes'
import { downTopic } from '../../../protocols/uplink/topics.ts'
import type { DownChannel } from '../../../protocols/uplink/topics.ts'

/** Sessions of one box: its connection, one that is dying, and some patience. */
export const sessionsPerBoxMax = 4
/** Bytes that may wait for one box; a box that reads nothing is dropped, and asks again when it comes back. */
export const unsentBytesMax = 256 * 1024

interface Session {
  client: Client
  channels: Set<DownChannel>
}

export class BoxSessions {
  readonly #sessions = new Map<string, Set<Session>>()
  readonly #onReadsNothing: () => void

  /** `onReadsNothing` hears of each session that was dropped because its box does not read. */
  constructor(onReadsNothing: () => void) {
    this.#onReadsNothing = onReadsNothing
  }

  /** Boxes with a session. */
  get boxes(): number {
    return this.#sessions.size
  }

  isFull(box: string): boolean {
    return (this.#sessions.get(box)?.size ?? 0) >= sessionsPerBoxMax
  }

  *clients(): Iterable<Client> {
    for (const sessions of this.#sessions.values()) for (const { client } of sessions) yield client
  }

  open(box: string, client: Client): void {
    const sessions = this.#sessions.get(box) ?? new Set<Session>()
    sessions.add({ client, channels: new Set() })
    this.#sessions.set(box, sessions)
  }

  close(box: string, client: Client): void {
    const sessions = this.#sessions.get(box)
    if (!sessions) return
    for (const session of sessions) if (session.client === client) sessions.delete(session)
    if (sessions.size === 0) this.#sessions.delete(box)
  }

  /** Notes that this session listens on `channel`; false when it did already, or has ended. */
  listen(box: string, client: Client, channel: DownChannel): boolean {
    const session = [...(this.#sessions.get(box) ?? [])].find((one) => one.client === client)
    if (!session || session.channels.has(channel)) return false
    session.channels.add(channel)
    return true
  }

  /** Whether a session of `box` listens on `channel`. */
  canReach(box: string, channel: DownChannel): boolean {
    return [...(this.#sessions.get(box) ?? [])].some(({ channels }) => channels.has(channel))
  }

  /** Sends to every session of `box` that subscribed; false when there is none. */
  publish(box: string, channel: DownChannel, payload: Uint8Array, qos: 0 | 1): boolean {
    let isSent = false
    for (const { client, channels } of this.#sessions.get(box) ?? []) {
      if (!channels.has(channel)) continue
      if (client.conn.writableLength > unsentBytesMax) {
        this.#onReadsNothing()
        client.conn.destroy()
        continue
      }
      const topic = downTopic(box, channel)
      const packet = {
        cmd: 'publish' as const,
        topic,
        payload: Buffer.from(payload),
        qos,
        retain: false,
        dup: false,
      }
      client.publish(packet, () => {})
      isSent = true
    }
    return isSent
  }
}

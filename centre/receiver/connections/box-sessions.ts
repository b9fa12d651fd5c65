// The present sessions of each box, and messages sent down to them. A box that does not read is disconnected.
import type { Client } from 'aedes'
import { downTopic } from '../../../protocols/uplink/topics.ts'
import type { DownChannel } from '../../../protocols/uplink/topics.ts'

/** Sessions of one box: its connection, one that is closing, and a reserve. */
export const sessionsPerBoxMax = 4
/** Bytes that may wait for one box; a box that does not read is disconnected, and asks again when it reconnects. */
export const unsentBytesMax = 256 * 1024

interface Session {
  client: Client
  channels: Set<DownChannel>
}

export class BoxSessions {
  readonly #sessions = new Map<string, Set<Session>>()
  readonly #onReadsNothing: () => void

  /** `onReadsNothing` is called for each session that was disconnected because its box does not read. */
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

  /** Records that this session has subscribed to `channel`; false when it had already, or has ended. */
  listen(box: string, client: Client, channel: DownChannel): boolean {
    const session = [...(this.#sessions.get(box) ?? [])].find((one) => one.client === client)
    if (!session || session.channels.has(channel)) return false
    session.channels.add(channel)
    return true
  }

  /** True when a session of `box` has subscribed to `channel`. */
  canReach(box: string, channel: DownChannel): boolean {
    return [...(this.#sessions.get(box) ?? [])].some(({ channels }) => channels.has(channel))
  }

  /** Sends to every subscribed session of `box`; false when there is none. */
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

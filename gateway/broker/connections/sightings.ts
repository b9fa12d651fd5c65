// The broker's facts about each device: connected or not, when it last sent, its presence message, why it
// disconnected.
import type { Connection } from './connection.ts'
import type { DeviceSighting } from '../port.ts'

interface Seen {
  connections: Set<Connection>
  lastHeardMs: number | undefined
  saysOnline: boolean | undefined
  reason: string | undefined
}

/** Most devices kept; above it, the one that disconnected first is removed and is `unknown` again. */
const devicesMax = 10_000

/** There are few listeners, registered in gateway/wiring. */
type Listener = (sighting: DeviceSighting) => void

export class Sightings {
  readonly #seen = new Map<string, Seen>()
  readonly #listeners = new Set<Listener>()

  get connectedCount(): number {
    let connected = 0
    for (const seen of this.#seen.values()) if (seen.connections.size > 0) connected++
    return connected
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  connected(device: string, connection: Connection): void {
    const seen = this.#of(device)
    const isNews = seen.connections.size === 0
    seen.connections.add(connection)
    seen.reason = undefined
    seen.lastHeardMs = connection.lastHeardMs
    if (isNews) this.#tell(device)
  }

  /** False when it was not noted as connected. */
  disconnected(device: string, connection: Connection, reason: string): boolean {
    const seen = this.#seen.get(device)
    if (!seen?.connections.delete(connection)) return false
    seen.lastHeardMs = Math.max(seen.lastHeardMs ?? 0, connection.lastHeardMs)
    if (seen.connections.size > 0) return true
    seen.reason = reason
    // Moved to the end: the next one to be removed is the one that disconnected first.
    this.#seen.delete(device)
    this.#seen.set(device, seen)
    this.#tell(device)
    return true
  }

  says(device: string, isOnline: boolean): void {
    const seen = this.#of(device)
    if (seen.saysOnline === isOnline) return
    seen.saysOnline = isOnline
    this.#tell(device)
  }

  of(device: string): DeviceSighting {
    const seen = this.#seen.get(device)
    if (!seen)
      return { device, state: 'unknown', lastHeardMs: undefined, saysOnline: undefined, reason: undefined }
    let { lastHeardMs } = seen
    for (const connection of seen.connections)
      lastHeardMs = Math.max(lastHeardMs ?? 0, connection.lastHeardMs)
    const state =
      seen.connections.size > 0 ? 'connected' : lastHeardMs === undefined ? 'unknown' : 'disconnected'
    return { device, state, lastHeardMs, saysOnline: seen.saysOnline, reason: seen.reason }
  }

  all(): DeviceSighting[] {
    return [...this.#seen.keys()].map((device) => this.of(device))
  }

  #of(device: string): Seen {
    let seen = this.#seen.get(device)
    if (!seen) {
      if (this.#seen.size >= devicesMax) this.#forgetOne()
      seen = { connections: new Set(), lastHeardMs: undefined, saysOnline: undefined, reason: undefined }
      this.#seen.set(device, seen)
    }
    return seen
  }

  #forgetOne(): void {
    for (const [device, seen] of this.#seen) {
      if (seen.connections.size > 0) continue
      this.#seen.delete(device)
      return
    }
  }

  #tell(device: string): void {
    const sighting = this.of(device)
    for (const listener of this.#listeners) listener(sighting)
  }
}

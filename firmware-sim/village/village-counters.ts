// Counts the actions of a village's devices, and stores which ids were acknowledged in which order.

/** Ids kept per device; the oldest are removed first, and `forgotten` is their number. */
export const ackedIdsMax = 100_000

export interface VillageStatistics {
  devices: number
  connected: number
  connects: number
  /** Events made; always acked + waiting + dropped. */
  events: number
  /** PUBLISH packets of events, re-sends included. */
  published: number
  resent: number
  acked: number
  waiting: number
  dropped: number
}

export class VillageCounters {
  events = 0
  published = 0
  resent = 0
  acked = 0
  forgotten = 0
  #ids = new Map<string, string[]>()
  #remembersIds: boolean

  constructor(remembersIds: boolean) {
    this.#remembersIds = remembersIds
  }

  sent(sends: number): void {
    this.published++
    if (sends > 1) this.resent++
  }

  acknowledged(device: string, messageId: string): void {
    this.acked++
    if (!this.#remembersIds) return
    let ids = this.#ids.get(device)
    if (!ids) this.#ids.set(device, (ids = []))
    ids.push(messageId)
    if (ids.length <= ackedIdsMax) return
    // In slices, since moving the whole list for each id would take longer than the simulation.
    this.forgotten += ids.splice(0, ackedIdsMax / 10).length
  }

  /** Acknowledged ids of a device, oldest first. */
  ids(device: string): readonly string[] {
    return this.#ids.get(device) ?? []
  }
}

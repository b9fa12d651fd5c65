// Compares what a box believes is receipted with what the centre has: a lost Receipt is sent again, a lost record is
// said aloud.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { Receipt } from '../../protocols/uplink/receipt.ts'

/** Boxes whose loss or unreadable heartbeat was logged; beyond it only the counters move. */
const loggedMax = 1000

export interface HeartbeatCheckOptions {
  logger: Logger
  registry: Registry
  receiptOf: (box: string, epoch: string) => Receipt
}

export class HeartbeatCheck {
  readonly #options: HeartbeatCheckOptions
  readonly #logged = new Set<string>()
  readonly #unreadable
  readonly #lost

  constructor(options: HeartbeatCheckOptions) {
    this.#options = options
    const registers = [options.registry]
    this.#unreadable = new Counter({
      name: 'gengfu_centre_heartbeats_unreadable_total',
      help: 'Heartbeats that could not be read',
      registers,
    })
    this.#lost = new Counter({
      name: 'gengfu_centre_lanes_lost_total',
      help: 'Heartbeats of boxes that were receipted more than the centre has: an old backup was restored',
      registers,
    })
  }

  countUnreadable(box: string): void {
    this.#unreadable.inc()
    if (this.#isFirst(`unreadable ${box}`)) this.#options.logger.warn({ box }, 'a heartbeat can not be read')
  }

  /** True when the box waits for a Receipt of something that is stored. */
  isReceiptLost(box: string, { epoch, lanes }: Heartbeat): boolean {
    const stored = this.#options.receiptOf(box, epoch).lanes
    let isLost = false
    for (const [lane, { receipted }] of Object.entries(lanes)) {
      const storedTo = stored[lane as Lane]?.storedTo ?? 0
      if (receipted < storedTo) isLost = true
      if (receipted <= storedTo) continue
      this.#lost.inc()
      if (this.#isFirst(`lost ${box} ${epoch}`))
        this.#options.logger.error(
          { box, epoch, lane, receipted, storedTo },
          'the centre has lost records that it had receipted: was an old backup restored?',
        )
    }
    return isLost
  }

  #isFirst(key: string): boolean {
    if (this.#logged.has(key) || this.#logged.size >= loggedMax) return false
    this.#logged.add(key)
    return true
  }
}

// Compares the box's receipted positions with the centre's: a lost Receipt is sent again, and records lost by restoring
// an older backup are reported and requested.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { lanes } from '../../protocols/domain/colour.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import { BoxPace } from './pace/box-pace.ts'
import type { GapChange, ReceiverCore } from './receiver-core.ts'

/** Boxes whose loss or unreadable heartbeat was logged; beyond it only the counters change. */
const loggedMax = 1000
/** A box sends one every 30 s and at each connection. */
const heartbeatBurst = 20
const heartbeatPauseMs = 2000

export interface HeartbeatCheckOptions {
  logger: Logger
  registry: Registry
  clock: Pick<Clock, 'monotonicMs'>
  core: ReceiverCore
  /** Lanes in which receipted records are missing at the centre. */
  onLost: (gaps: readonly GapChange[]) => void
}

export class HeartbeatCheck {
  readonly #options: HeartbeatCheckOptions
  readonly #logged = new Set<string>()
  readonly #pace: BoxPace
  readonly #tooMany
  readonly #unreadable
  readonly #lost

  constructor(options: HeartbeatCheckOptions) {
    this.#options = options
    this.#pace = new BoxPace({ clock: options.clock, burst: heartbeatBurst, pauseMs: heartbeatPauseMs })
    const registers = [options.registry]
    this.#tooMany = new Counter({
      name: 'gengfu_centre_heartbeats_dropped_total',
      help: 'Heartbeats dropped: the box sends more than a few a second',
      registers,
    })
    this.#unreadable = new Counter({
      name: 'gengfu_centre_heartbeats_unreadable_total',
      help: 'Heartbeats that could not be read',
      registers,
    })
    this.#lost = new Counter({
      name: 'gengfu_centre_lanes_lost_total',
      help: 'Lanes of boxes that were receipted more than the centre has: an old backup was restored',
      registers,
    })
  }

  /**
   * False for heartbeats that come faster than any box sends them: dropped, because the next one has the same facts.
   */
  takes(box: string): boolean {
    if (this.#pace.takes(box)) return true
    this.#tooMany.inc()
    return false
  }

  countUnreadable(box: string): void {
    this.#unreadable.inc()
    if (this.#isFirst(`unreadable ${box}`)) this.#options.logger.warn({ box }, 'a heartbeat can not be read')
  }

  /** True when the box must get a Receipt: it has missed one, or must send records again. */
  isReceiptOwed(box: string, { epoch, lanes: heard }: Heartbeat): boolean {
    const { core, onLost, logger } = this.#options
    const gaps = core.hear(box, epoch, heard)
    this.#lost.inc(gaps.length)
    if (gaps.length > 0 && this.#isFirst(`lost ${box} ${epoch}`))
      logger.error(
        { box, epoch, lost: gaps.map(({ lane, missing }) => ({ lane, missing })) },
        'the centre has lost records that it had receipted: was an old backup restored? The box is asked for them',
      )
    if (gaps.length > 0) onLost(gaps)
    const receipts = core.receipt(box, epoch, 0).lanes
    return lanes.some((lane) => {
      const receipted = heard[lane]?.receipted
      return receipted !== undefined && receipted !== (receipts[lane]?.storedTo ?? 0)
    })
  }

  #isFirst(key: string): boolean {
    if (this.#logged.has(key) || this.#logged.size >= loggedMax) return false
    this.#logged.add(key)
    return true
  }
}

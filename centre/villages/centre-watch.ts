// Reports of boxes about the centre itself: that its data folder was restored to an earlier state, because they were receipted more than is
// stored here, and that its clock is wrong, for theirs is kept and differs.
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import { centreBox, type OwnAlarms } from './own-alarms.ts'
import { centreClockOffWords, centreRewoundWords } from './own-words.ts'

/** Cases, steps and users of the lost time are not sent again by boxes: the alarm stays active at least this long after the last evidence. */
export const rewoundStandsMs = 86_400_000
const lookEveryMs = 60_000
/** A heartbeat may have waited on its link for seconds. */
export const clockOffMs = 5 * 60_000

const rewound = { box: centreBox.id, kind: 'centre-rewound' } as const
const clockOff = { box: centreBox.id, kind: 'centre-clock-off' } as const

export interface CentreWatchOptions {
  alarms: Pick<OwnAlarms, 'set' | 'standing'>
  clock: Clock
  logger: Logger
  registry: Registry
  nameOf: (box: string) => string
  /** Boxes that were receipted more than is stored here, now. */
  boxesAhead: () => readonly string[]
  isClockKept: () => boolean
}

export class CentreWatch {
  readonly #options: CentreWatchOptions
  #aheadAtMs: number
  #cancel: () => void = () => undefined

  constructor(options: CentreWatchOptions) {
    this.#options = options
    this.#aheadAtMs = options.clock.monotonicMs()
    const { boxesAhead } = options
    new Gauge({
      name: 'gengfu_centre_boxes_ahead',
      help: 'Boxes that were receipted more than is stored here: the data folder went back to an earlier state',
      registers: [options.registry],
      collect() {
        this.set(boxesAhead().length)
      },
    })
  }

  start(): void {
    this.#look()
  }

  stop(): void {
    this.#cancel()
  }

  /** A box was found that was receipted more than is stored here. */
  foundAhead(box: string): void {
    const { alarms, clock, nameOf } = this.#options
    this.#aheadAtMs = clock.monotonicMs()
    alarms.set(rewound, centreRewoundWords(nameOf(box)))
  }

  heard(box: string, heartbeat: Pick<Heartbeat, 'atMs' | 'isClockKept'>): void {
    if (heartbeat.isClockKept) this.#compareClocks(box, heartbeat.atMs)
  }

  #compareClocks(box: string, atMs: number): void {
    const { alarms, clock, isClockKept, logger, nameOf } = this.#options
    const offMs = clock.wallMs() - atMs
    const isOff = !isClockKept() && Math.abs(offMs) >= clockOffMs
    if (isOff && alarms.standing(clockOff.kind).length === 0)
      logger.error(
        { box, offMs },
        "this machine's clock differs from that of a box whose clock is kept: set up NTP here",
      )
    alarms.set(clockOff, isOff ? centreClockOffWords(nameOf(box), offMs) : undefined)
  }

  #look(): void {
    const { alarms, clock, boxesAhead, isClockKept } = this.#options
    this.#cancel = clock.after(lookEveryMs, () => this.#look())
    if (isClockKept()) alarms.set(clockOff, undefined)
    const isAhead = boxesAhead().length > 0
    if (isAhead) this.#aheadAtMs = clock.monotonicMs()
    if (clock.monotonicMs() - this.#aheadAtMs >= rewoundStandsMs) alarms.set(rewound, undefined)
  }
}

// The latest health of every box: in memory for the page, and on disk so that a restart does not forget the silent ones.
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import { withPlainText } from '../../protocols/domain/plain-text.ts'
import { every } from '../../platform/time/every.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { BoxVitals } from '../../protocols/uplink/box-vitals.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { StoredVitals } from '../storage/fleet-port.ts'
import type { Storage } from '../storage/port.ts'

/** Boxes that return at once share one commit. */
const writeEveryMs = 10_000
const rowsPerCommitMax = 500
/** As many as there may be boxes. */
const boxesMax = 50_000

interface Known {
  atMs: number
  vitals: BoxVitals
}

export interface FleetOptions {
  storage: Pick<Storage, 'noteVitals' | 'storedVitals'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** Boxes that fail now, for the metric. */
  failing: () => number
}

export class Fleet {
  readonly #options: FleetOptions
  readonly #known = new Map<string, Known>()
  readonly #offsets = new Map<string, number>()
  readonly #unwritten = new Set<string>()
  #stop: () => void = () => undefined
  #isWriting = false

  constructor(options: FleetOptions) {
    this.#options = options
    const { failing } = options
    new Gauge({
      name: 'gengfu_centre_boxes_failing',
      help: 'Boxes with a fault that must be repaired now',
      registers: [options.registry],
      collect() {
        this.set(failing())
      },
    })
  }

  async start(): Promise<void> {
    for (const { box, atMs, vitals } of await this.#options.storage.storedVitals())
      this.#known.set(box, { atMs, vitals })
    this.#stop = every(this.#options.clock, writeEveryMs, () => void this.write())
  }

  async stop(): Promise<void> {
    this.#stop()
    await this.write()
  }

  heard(box: string, { vitals, atMs, clock }: Heartbeat): void {
    const nowMs = Math.round(this.#options.clock.wallMs())
    if (clock === 'synced') this.#offsets.set(box, atMs - nowMs)
    else this.#offsets.delete(box)
    if (!vitals || (!this.#known.has(box) && this.#known.size >= boxesMax)) return
    this.#known.set(box, { atMs: nowMs, vitals: withPlainText(vitals) as BoxVitals })
    this.#unwritten.add(box)
  }

  of(box: string): Known | undefined {
    return this.#known.get(box)
  }

  /** Box minus centre, with the way of the heartbeat in it. */
  offsetOf(box: string): number | undefined {
    return this.#offsets.get(box)
  }

  /** Never rejects: what could not be written is written the next time. */
  async write(): Promise<void> {
    if (this.#isWriting || this.#unwritten.size === 0) return
    this.#isWriting = true
    const boxes = [...this.#unwritten].slice(0, rowsPerCommitMax)
    const rows = boxes.flatMap((box): StoredVitals[] => {
      const known = this.#known.get(box)
      return known ? [{ box, ...known }] : []
    })
    for (const box of boxes) this.#unwritten.delete(box)
    try {
      await this.#options.storage.noteVitals(rows)
    } catch (error) {
      for (const box of boxes) this.#unwritten.add(box)
      this.#options.logger.warn({ err: error }, 'the health of boxes could not be stored yet')
    } finally {
      this.#isWriting = false
    }
  }
}

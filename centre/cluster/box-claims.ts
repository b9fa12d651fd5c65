// The boxes that have their session with this centre: claimed before they are admitted, lost when another centre has claimed them.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { ClaimedBox, Storage } from '../storage/port.ts'

export interface BoxClaimsOptions {
  storage: Pick<Storage, 'claimBox'>
  owner: string
  logger: Logger
  registry: Registry
  /** What this centre knew of the box may be out of date. */
  adopt: (box: string, claimed: ClaimedBox) => void
  /** Their sessions end. */
  cut: (boxes: readonly string[]) => void
}

export class BoxClaims {
  readonly #options: BoxClaimsOptions
  readonly #fences = new Map<string, number>()
  readonly #lost

  constructor(options: BoxClaimsOptions) {
    this.#options = options
    this.#lost = new Counter({
      name: 'gengfu_centre_fence_losses_total',
      help: 'Boxes that another centre had taken over when this one stored something of them or looked',
      registers: [options.registry],
    })
  }

  async claim(box: string): Promise<void> {
    const { storage, owner, adopt } = this.#options
    const claimed = await storage.claimBox(box, owner)
    if (claimed.fence !== this.#fences.get(box)) adopt(box, claimed)
    this.#fences.set(box, claimed.fence)
  }

  /** A box without a claim has no fence that could be right. */
  fenceOf(box: string): number {
    return this.#fences.get(box) ?? 0
  }

  has(box: string): boolean {
    return this.#fences.has(box)
  }

  lost(boxes: readonly string[]): void {
    const { logger, cut } = this.#options
    for (const box of boxes) this.#fences.delete(box)
    this.#lost.inc(boxes.length)
    logger.info({ boxes: boxes.slice(0, 20), count: boxes.length }, 'another centre has these boxes now')
    cut(boxes)
  }
}

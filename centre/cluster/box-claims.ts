// The boxes that have their session with this centre: claimed before they are admitted, lost when another centre has claimed them.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { ClaimedBox, Storage } from '../storage/port.ts'

export interface BoxClaimsOptions {
  storage: Pick<Storage, 'claimBoxes'>
  owner: string
  logger: Logger
  registry: Registry
  /** What this centre knew of the box may be out of date. */
  adopt: (box: string, claimed: ClaimedBox) => void
  /** Their sessions end. */
  cut: (boxes: readonly string[]) => void
}

/** Boxes in one commit; behind a failover all boxes come at once. */
export const claimsMax = 500

interface Waiting {
  box: string
  resolve: () => void
  reject: (error: unknown) => void
}

export class BoxClaims {
  readonly #options: BoxClaimsOptions
  readonly #fences = new Map<string, number>()
  readonly #lost
  /** As many as connections may wait to be admitted. */
  #waiting: Waiting[] = []
  #isClaiming = false

  constructor(options: BoxClaimsOptions) {
    this.#options = options
    this.#lost = new Counter({
      name: 'gengfu_centre_fence_losses_total',
      help: 'Boxes that another centre had taken over when this one stored something of them or looked',
      registers: [options.registry],
    })
  }

  /** Boxes that come while others are claimed share the next commit. */
  claim(box: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ box, resolve, reject })
      if (!this.#isClaiming) void this.#claimAll()
    })
  }

  async #claimAll(): Promise<void> {
    const { storage, owner } = this.#options
    this.#isClaiming = true
    for (let some = this.#next(); some.length > 0; some = this.#next())
      try {
        const claimed = await storage.claimBoxes([...new Set(some.map(({ box }) => box))], owner)
        for (const one of claimed) this.#take(one)
        for (const { resolve } of some) resolve()
      } catch (error) {
        for (const { reject } of some) reject(error)
      }
    this.#isClaiming = false
  }

  #next(): Waiting[] {
    return this.#waiting.splice(0, claimsMax)
  }

  #take(claimed: ClaimedBox): void {
    const { box, fence } = claimed
    if (fence !== this.#fences.get(box)) this.#options.adopt(box, claimed)
    this.#fences.set(box, fence)
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

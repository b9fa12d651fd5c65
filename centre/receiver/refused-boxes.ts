// Says once which box was refused and what it asked for: the other half of what the box itself logs.
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'

/** Refusals remembered, so that each is said once; when full, all are forgotten. */
const saidMax = 1000
const remedy = 'is box.id of the box the name in its certificate, and is the certificate signed by caFile?'

export class RefusedBoxes {
  readonly #logger: Logger
  readonly #said = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** `box`: who it proved or claimed to be; `asked`: the box that it wanted to speak for. */
  say(reason: string, connection: Duplex | undefined, box?: string, asked?: string): void {
    const { remoteAddress: address } = (connection ?? {}) as { remoteAddress?: string }
    const facts = { reason, box, asked: asked?.slice(0, 128), address }
    const key = JSON.stringify(facts)
    if (this.#said.has(key)) return
    if (this.#said.size >= saidMax) this.#said.clear()
    this.#said.add(key)
    this.#logger.warn({ ...facts, remedy }, 'a box was refused')
  }
}

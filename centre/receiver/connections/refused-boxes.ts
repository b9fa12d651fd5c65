// Says once which box was refused and what it asked for: the other half of what the box itself logs.
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'

/** Refusals remembered, so that each is said once; when full, all are forgotten. */
const saidMax = 1000
const remedy = 'is box.id of the box the name in its certificate, and is the certificate signed by caFile?'

const frameRemedies: Partial<Record<string, string>> = {
  'mqtt-5': 'set the client to MQTT 3.1.1 (protocol level 4)',
  'unknown-version': 'set the client to MQTT 3.1.1 (protocol level 4)',
  'not-connect': 'check that the client speaks MQTT on this port, and TLS only where the listener has TLS',
  'frame-too-large': 'a box sends smaller frames: find what else connects here',
}

export class RefusedBoxes {
  readonly #logger: Logger
  readonly #said = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** `box`: who it proved or claimed to be; `asked`: the box that it wanted to speak for. */
  say(reason: string, connection: Duplex | undefined, box?: string, asked?: string): void {
    const { remoteAddress: address } = (connection ?? {}) as { remoteAddress?: string }
    this.#say({ reason, box, asked: asked?.slice(0, 128), address }, remedy)
  }

  /** What was sent is no MQTT 3.1.1; `facts` say which clause, and what the author of the program changes. */
  sayFrame(
    reason: string,
    { remoteAddress: address }: { remoteAddress?: string | undefined },
    facts: object,
  ): void {
    this.#say(
      { reason, ...facts, address },
      frameRemedies[reason] ?? 'change what is sent: "detail" and "clause" say what',
    )
  }

  #say(facts: object, what: string): void {
    const key = JSON.stringify(facts)
    if (this.#said.has(key)) return
    if (this.#said.size >= saidMax) this.#said.clear()
    this.#said.add(key)
    this.#logger.warn({ ...facts, remedy: what }, 'a box was refused')
  }
}

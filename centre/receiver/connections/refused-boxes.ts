// Logs once which box was refused and what it requested: the counterpart of the box's own log.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'

/** Refusals remembered, so that each is logged once; when full, all are removed. */
const loggedMax = 1000
const remedy = 'is box.id of the box the name in its certificate, and is the certificate signed by caFile?'

const frameRemedies: Partial<Record<string, string>> = lookup({
  'mqtt-5': 'set the client to MQTT 3.1.1 (protocol level 4)',
  'unknown-version': 'set the client to MQTT 3.1.1 (protocol level 4)',
  'not-connect': 'check that the client uses MQTT on this port, and TLS only where the listener has TLS',
  'frame-too-large': 'a box sends smaller frames: find what else connects here',
})

export class RefusedBoxes {
  readonly #logger: Logger
  readonly #logged = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** `box`: the proven or claimed identity; `asked`: the box that it tried to act for. */
  say(reason: string, connection: Duplex | undefined, box?: string, asked?: string): void {
    const { remoteAddress: address } = (connection ?? {}) as { remoteAddress?: string }
    this.#say({ reason, box, asked: asked?.slice(0, 128), address }, remedy)
  }

  /** The bytes are not valid MQTT 3.1.1; `facts` name the clause, and what the author of the program must change. */
  sayFrame(
    reason: string,
    { remoteAddress: address }: { remoteAddress?: string | undefined },
    facts: object,
  ): void {
    this.#say(
      { reason, ...facts, address },
      frameRemedies[reason] ?? 'change what is sent: "detail" and "clause" name the fault',
    )
  }

  #say(facts: object, what: string): void {
    const key = JSON.stringify(facts)
    if (this.#logged.has(key)) return
    if (this.#logged.size >= loggedMax) this.#logged.clear()
    this.#logged.add(key)
    this.#logger.warn({ ...facts, remedy: what }, 'a box was refused')
  }
}

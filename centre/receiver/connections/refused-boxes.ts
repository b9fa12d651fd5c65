// Logs once which box was refused and what it requested: the counterpart of the box's own log.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { PacedLogs } from '../../../platform/paced-log.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'

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

  /** A client that never signs in can claim a new name each time. */
  readonly #paced: PacedLogs

  constructor(logger: Logger, clock: Pick<Clock, 'monotonicMs'>) {
    this.#logger = logger
    this.#paced = new PacedLogs(clock)
  }

  /** `box`: the proven or claimed identity; `asked`: the box that it tried to act for. */
  say(reason: string, connection: Duplex | undefined, box?: string, asked?: string): void {
    const { remoteAddress: address } = (connection ?? {}) as { remoteAddress?: string }
    const facts = { reason, box, asked: asked?.slice(0, 128), address }
    this.#say(facts, remedy)
  }

  /** The bytes are not valid MQTT 3.1.1; `facts` name the clause, and what the author of the program must change. */
  sayFrame(
    reason: string,
    { remoteAddress: address }: { remoteAddress?: string | undefined },
    facts: object,
  ): void {
    const all = { reason, ...facts, address }
    this.#say(all, frameRemedies[reason] ?? 'change what is sent: "detail" and "clause" name the fault')
  }

  #say(facts: object & { address: string | undefined }, what: string): void {
    const key = JSON.stringify(facts)
    if (this.#logged.has(key)) return
    if (this.#logged.size >= loggedMax) this.#logged.clear()
    this.#logged.add(key)
    this.#paced.line(facts.address ?? '', (leftOut) =>
      this.#logger.warn({ ...facts, remedy: what, leftOut }, 'a box was refused'),
    )
  }
}

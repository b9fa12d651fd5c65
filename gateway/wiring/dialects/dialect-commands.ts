// Commands to devices of foreign dialects: written in the dialect, sent over the sender's connection, and answered to
// intake as a device of our own would answer.
import type { Logger } from 'pino'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import { deviceTopic } from '../../../protocols/device-mqtt/topics.ts'
import type { Answer, PendingAnswers } from '../../dialects/box/pending-answers.ts'
import type { DialectIntake } from '../../dialects/box/dialect-intake.ts'
import type { Intake } from '../../intake/intake.ts'
import type { SenderLinks } from './sender-links.ts'

/** A bridge that was asked to let devices join has this long to answer. */
const permitAnswerMs = 10_000
/** Characters of a maker's own words in a result. */
const problemCharsMax = 256

export interface DialectCommandsOptions {
  dialects: DialectIntake
  awaited: PendingAnswers
  links: Pick<SenderLinks, 'isThere' | 'publish'>
  intake: Pick<Intake, 'accept'>
  clock: Pick<Clock, 'after'>
  steadyMs: () => number
  logger: Logger
}

export class DialectCommands {
  readonly #options: DialectCommandsOptions

  constructor(options: DialectCommandsOptions) {
    this.#options = options
  }

  async send(device: string, command: DeviceCommand): Promise<void> {
    const { dialects, awaited, links, logger } = this.#options
    const sender = dialects.senderOf(device)
    const encoded = dialects.encode(device, command)
    if (sender === undefined || 'cannot' in encoded) {
      const problem =
        'cannot' in encoded ? encoded.cannot : 'there is no connection that carries messages to it'
      logger.warn(
        { device, command: command.do, problem },
        'a command has no words in the dialect of its device',
      )
      return this.#answer(device, command.id, { ok: false, error: problem })
    }
    const { answer: policy } = encoded
    if (policy)
      awaited.expect(device, command.id, policy, (result) => {
        this.#answer(device, command.id, result.ok ? result : { error: 'refused', ...result }).catch(
          (failure: Error) =>
            logger.warn({ device, reason: failure.message }, 'the answer to a command could not be stored'),
        )
      })
    try {
      await links.publish(sender, encoded)
    } catch (error) {
      awaited.withdraw(device, command.id)
      throw error
    }
    // The device reports the outcome; its time-out is that of the command.
    if (!policy) await this.#answer(device, command.id, { ok: true, handedOver: true })
  }

  async permitJoin(bridge: string, minutes: number): Promise<string | undefined> {
    const { dialects, awaited, links, clock, steadyMs } = this.#options
    const id = `join-${steadyMs()}`
    const encoded = dialects.permitJoin(bridge, minutes, id)
    if ('cannot' in encoded) return encoded.cannot
    if (!links.isThere(bridge)) return `the bridge "${bridge}" is not connected 网桥未连接`
    return new Promise((resolve) => {
      const cancel = clock.after(permitAnswerMs, () => {
        awaited.withdraw(bridge, id)
        resolve(`the bridge "${bridge}" did not answer within ${permitAnswerMs / 1000} s 网桥未答复`)
      })
      awaited.expect(bridge, id, encoded.answer ?? { by: 'answer' }, ({ ok, error = 'refused' }) => {
        cancel()
        resolve(ok ? undefined : `the bridge refused: ${error}`)
      })
      links.publish(bridge, encoded).catch((error: Error) => {
        cancel()
        awaited.withdraw(bridge, id)
        resolve(error.message)
      })
    })
  }

  #answer(device: string, id: string, { ok, error, handedOver }: Answer): Promise<void> {
    const result = { id, ok, error: error?.slice(0, problemCharsMax), handedOver }
    return this.#options.intake.accept({
      device,
      topic: deviceTopic(device, 'result'),
      payload: Buffer.from(JSON.stringify(result)),
    })
  }
}

// Commands for devices. Each is a row of the journal until its device answers, so that a device that sleeps, or a box
// that loses power, still gets it; a command that waited too long is dropped and counted.
import { Counter, type Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { DeviceCommand } from '../../protocols/device-mqtt/messages.ts'
import { deviceTopic } from '../../protocols/device-mqtt/topics.ts'
import { commandKey, type CommandDocument } from '../intake/port.ts'

/** Commands that wait for one device; with one more the oldest is dropped. */
export const commandsPerDeviceMax = 20
/** A command without an answer for this long is dropped: a siren must not start hours late. */
export const commandLifeMs = 10 * 60_000

export interface DeviceCommandsOptions {
  publish: (topic: string, payload: string, choice: { qos: 0 }) => Promise<void>
  /** Removes the documents with these keys, durably. */
  forget: (keys: string[]) => Promise<void>
  steadyMs: () => number
  /**
   * A device that is offline gets its commands when it reconnects; the broker must not store them for it and deliver
   * them late.
   */
  isConnected: (device: string) => boolean
  /** The device uses a foreign dialect: `sendForeign` sends the command in it, and stores the outcome. */
  isForeign: (device: string) => boolean
  sendForeign: (device: string, command: DeviceCommand) => Promise<void>
  logger: Logger
  metrics: Registry
}

export class DeviceCommands {
  readonly #options: DeviceCommandsOptions
  readonly #waiting = new Map<string, Map<string, CommandDocument>>()
  readonly #outcomes: Counter<'result'>

  constructor(options: DeviceCommandsOptions) {
    this.#options = options
    this.#outcomes = new Counter({
      name: 'gengfu_device_commands_total',
      help: 'Commands to devices by result',
      labelNames: ['result'],
      registers: [options.metrics],
    })
  }

  /** Commands that were waiting when the program ended. */
  restore(documents: readonly CommandDocument[]): void {
    for (const document of documents) this.#queueOf(document.device).set(document.command.id, document)
  }

  /** A command that is now in the journal: sent at once, and again each time its device connects. */
  async send(document: CommandDocument): Promise<void> {
    const queue = this.#queueOf(document.device)
    queue.set(document.command.id, document)
    this.#outcomes.inc({ result: 'asked' })
    await this.#giveUp(
      [...queue.values()].slice(0, Math.max(0, queue.size - commandsPerDeviceMax)),
      'crowded out',
    )
    if (this.#options.isConnected(document.device)) await this.#publish(document)
  }

  /** The command was withdrawn. */
  async takeBack(device: string, id: string): Promise<void> {
    const document = this.#waiting.get(device)?.get(id)
    if (document) await this.#giveUp([document], 'taken back')
  }

  async deviceReady(device: string): Promise<void> {
    const queue = this.#waiting.get(device)
    if (!queue) return
    const nowMs = this.#options.steadyMs()
    await this.#giveUp(
      [...queue.values()].filter(
        ({ sinceSteadyMs, untilSteadyMs = sinceSteadyMs + commandLifeMs }) => untilSteadyMs < nowMs,
      ),
      'waited too long',
    )
    for (const document of queue.values()) await this.#publish(document)
  }

  /** The device answered, whatever the answer: the command has reached it. */
  async answered(device: string, id: string, isOk: boolean): Promise<void> {
    const queue = this.#waiting.get(device)
    if (!queue?.delete(id)) return
    if (queue.size === 0) this.#waiting.delete(device)
    this.#outcomes.inc({ result: isOk ? 'done' : 'failed' })
    await this.#options.forget([commandKey(device, id)])
  }

  waiting(): number {
    return [...this.#waiting.values()].reduce((sum, queue) => sum + queue.size, 0)
  }

  #queueOf(device: string): Map<string, CommandDocument> {
    let queue = this.#waiting.get(device)
    if (!queue) this.#waiting.set(device, (queue = new Map<string, CommandDocument>()))
    return queue
  }

  async #giveUp(documents: readonly CommandDocument[], reason: string): Promise<void> {
    if (documents.length === 0) return
    for (const { device, command } of documents) {
      this.#waiting.get(device)?.delete(command.id)
      this.#outcomes.inc({ result: 'given-up' })
      this.#options.logger.warn(
        { device, command: command.do, reason },
        'a command for a device was given up',
      )
    }
    await this.#options.forget(documents.map(({ device, command }) => commandKey(device, command.id)))
  }

  #publish({ device, command }: CommandDocument): Promise<void> {
    if (this.#options.isForeign(device)) return this.#options.sendForeign(device, command)
    // QoS 0: the journal repeats it at each connection until its device answers or its time is over. At QoS 1 the
    // device's session in the broker would also repeat it, at any later time.
    return this.#options.publish(deviceTopic(device, 'command'), JSON.stringify(command), { qos: 0 })
  }
}

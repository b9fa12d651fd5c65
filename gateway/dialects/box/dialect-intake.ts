// Foreign dialects on the box. The sender of a message and the devices in it are two facts. All results of a message
// are stored before its sender gets an answer; a result that could not be stored counts as not received.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import { dialectOf } from '../dialects.ts'
import { isUrgent, type DeviceResult, type DialectMessage, type EncodedCommand } from '../port.ts'
import { eventOf } from '../session/event-of.ts'
import { DialectSession, type SessionResult } from '../session/session.ts'
import { deviceIdOf } from '../meaning/values.ts'
import { AllStored, type Documents, type ResultStorage, type SenderAnswer } from './result-storage.ts'
import { Strangers, strangersMax, type Stranger } from './strangers.ts'
import {
  Addresses,
  covers,
  deviceSettingsOf,
  type AddressedDevice,
  type SenderSettings,
  type SenderTopics,
} from './senders.ts'

/** Key in the journal of learned documents: `dialect:{sender}/{key}`. */
export const dialectPrefix = 'dialect:'
/** Messages of one sender that wait for a codec; beyond it the sender is refused, and sends again. */
export const waitingMax = 256

/**
 * Messages of a listener that any machine can reach, from stations that are not listed: kept at once, and then one more each
 * second. Others are counted only, so that no stranger wears out the card.
 */
export const rawBurst = 50
const rawEveryMs = 1000

export interface IncomingMessage {
  topic: string
  payload: Uint8Array
  isRetained: boolean
  isResent?: boolean
  /** Its transport marks no repeats: HTTP, SIA DC-09, GB/T 28181. */
  isUnmarked?: boolean
  /** From the sender itself: RETAIN asks for storing, it does not mean that the message is old. */
  isDirect?: boolean
  fPort?: number
}

export interface DialectIntakeOptions {
  senders: readonly SenderSettings[]
  devices: readonly AddressedDevice[]
  keeper: ResultStorage
  /** Called for each result of a device or bridge, under our id, once it is certain to be stored. */
  onHeard?: (device: string, result: DeviceResult) => void
  /** Whether other hardware took the place of this address. */
  isLockedOut?: (address: string) => boolean
  steadyMs: () => number
  logger: Logger
  metrics: Registry
}

interface Sender {
  settings: SenderSettings
  session: DialectSession
  topics: SenderTopics
  /** The message before, while it waits for a codec. */
  waiting: Promise<void> | undefined
  waitingCount: number
  /** When the messages that were kept raw are paid for. */
  rawPaidMs: number
}

export class DialectIntake {
  readonly #options: DialectIntakeOptions
  readonly #senders = new Map<string, Sender>()
  readonly #addresses: Addresses
  readonly #strangers: Strangers
  readonly #startedAtMs: number
  readonly #senderByDevice = new Map<string, { sender: string; address: string }>()
  /** The same for devices in no list, as many as are kept of them. */
  readonly #senderOfUnlisted = new Map<string, { sender: string; address: string }>()
  readonly #messages: Counter<'dialect' | 'result'>

  constructor(options: DialectIntakeOptions) {
    this.#options = options
    this.#startedAtMs = options.steadyMs()
    this.#addresses = new Addresses(options.devices)
    this.#strangers = new Strangers(options)
    this.#messages = new Counter({
      name: 'gengfu_dialect_messages_total',
      help: 'Messages of foreign dialects by result',
      labelNames: ['dialect', 'result'],
      registers: [options.metrics],
    })
    for (const settings of options.senders) {
      const dialect = dialectOf(settings.dialect)
      if (!dialect) continue
      const { base, codec, mapping, modbus, password, inputs } = settings
      const own = {
        ...(base === undefined ? {} : { base }),
        ...(codec === undefined ? {} : { codec }),
        ...(mapping === undefined ? {} : { mapping }),
        ...(modbus === undefined ? {} : { modbus }),
        ...(password === undefined ? {} : { password }),
        ...(inputs === undefined ? {} : { inputs }),
        devices: deviceSettingsOf(options.devices),
        isListed: (address: string) => this.#addresses.isListed(address),
      }
      const { keeper } = options
      const session = new DialectSession({
        dialect,
        settings: own,
        deviceOf: (result) => this.#deviceOf(settings, result),
        // Any machine can invent devices without end: what is learned of each is a document on the card.
        mayLearn: ({ device }) => settings.isListedOnly !== true || this.#addresses.isListed(device),
        wasKept: (device, messageId) => keeper.wasKept(device, messageId),
        isNewest: (device, messageId) => keeper.isNewest(device, messageId),
      })
      const topics = dialect.topics(own)
      this.#senders.set(settings.id, {
        settings,
        session,
        topics,
        waiting: undefined,
        waitingCount: 0,
        rawPaidMs: 0,
      })
    }
    for (const { id, address, via } of options.devices)
      if (via !== undefined && address !== undefined) this.#senderByDevice.set(id, { sender: via, address })
  }

  /** The unlisted devices from before the start. */
  restoreStrangers(documents: readonly (readonly [key: string, value: object])[]): void {
    for (const [, value] of documents) {
      const stranger = value as Stranger
      if (this.#addresses.isListed(stranger.address)) this.#strangers.forget(stranger.address)
      else this.#strangers.restore(stranger)
    }
  }

  /** The state documents of the journal, by key. */
  restore(documents: readonly (readonly [key: string, value: object])[]): void {
    for (const [key, value] of documents) {
      const [, id = '', own = ''] = /^dialect:([^/]+)\/(.*)$/s.exec(key) ?? []
      this.#senders.get(id)?.session.known.restore(own, value)
    }
  }

  has(sender: string): boolean {
    return this.#senders.has(sender)
  }

  mayPublish(sender: string, topic: string): boolean {
    return covers(this.#senders.get(sender)?.topics.publish ?? [], topic)
  }

  maySubscribe(sender: string, filter: string): boolean {
    return covers(this.#senders.get(sender)?.topics.subscribe ?? [], filter)
  }

  /** The filters that the box subscribes to at an existing broker. */
  filtersOf(sender: string): readonly string[] {
    return this.#senders.get(sender)?.topics.publish ?? []
  }

  /** True when a message can be a call of a person: checked for a slowed sender, before its turn. */
  isUrgent(sender: string, message: IncomingMessage): boolean {
    const found = this.#senders.get(sender)
    if (!found) return false
    try {
      const decoded = found.session.dialect.decode(
        { ...message, atMs: this.#options.steadyMs() },
        found.session.known,
        found.session.settings,
      )
      return decoded instanceof Promise || isUrgent(decoded)
    } catch {
      return false
    }
  }

  /**
   * `answer` once, when everything in it is kept, or when something could not be. Returns true when an alarm comes of it,
   * or may.
   */
  take(sender: string, message: IncomingMessage, answer: SenderAnswer): boolean {
    const found = this.#senders.get(sender)
    if (found && !found.waiting) return this.#takeNow(found, message, answer)
    if (!found) answer.refused(new Error(`${sender} has no dialect`))
    else if (found.waitingCount >= waitingMax) answer.refused(new Error('too many messages wait for a codec'))
    else {
      found.waitingCount++
      const turn = Promise.resolve(found.waiting).then(() => {
        found.waitingCount--
        return this.#takeLater(found, message, answer)
      })
      this.#waitFor(found, turn, message, answer)
    }
    return true
  }

  #takeNow(sender: Sender, message: IncomingMessage, answer: SenderAnswer): boolean {
    try {
      const heard = sender.session.take(this.#stamped(message))
      if (!(heard instanceof Promise)) return this.#keep(sender, message, heard, answer)
      const work = heard.then((later) => void this.#keep(sender, message, later, answer))
      this.#waitFor(sender, work, message, answer)
    } catch (error) {
      this.#keepFailed(sender, message, error as Error, answer)
    }
    return true
  }

  /**
   * An error of the program. The message is kept raw: if it was refused, it would come again for ever, and everything behind it
   * would wait.
   */
  #keepFailed(sender: Sender, message: IncomingMessage, error: Error, answer: SenderAnswer): void {
    const { id, dialect } = sender.settings
    this.#options.logger.error({ err: error, sender: id, dialect }, 'a dialect failed on a message')
    this.#keepRaw(sender, message, `the dialect ${dialect} failed: ${error.message}`, undefined).then(
      () => answer.kept(undefined),
      (refusal: Error) => answer.refused(refusal),
    )
  }

  async #takeLater(sender: Sender, message: IncomingMessage, answer: SenderAnswer): Promise<void> {
    this.#keep(sender, message, await sender.session.take(this.#stamped(message)), answer)
  }

  #waitFor(sender: Sender, work: Promise<void>, message: IncomingMessage, answer: SenderAnswer): void {
    const waiting: Promise<void> = work
      .catch((error: Error) => this.#keepFailed(sender, message, error, answer))
      .then(() => {
        if (sender.waiting === waiting) sender.waiting = undefined
      })
    sender.waiting = waiting
  }

  #stamped(message: IncomingMessage): DialectMessage {
    const { isUnmarked, ...rest } = message
    const lost = isUnmarked === true ? { lostBeforeMs: this.#startedAtMs } : {}
    return { ...rest, ...lost, atMs: this.#options.steadyMs() }
  }

  #idOf({ id, isDevice }: SenderSettings, address: string): string {
    return isDevice ? id : this.#addresses.idOf(address)
  }

  #deviceOf(settings: SenderSettings, result: DeviceResult): string {
    return result.isBridge ? settings.id : this.#idOf(settings, result.device)
  }

  #keep(sender: Sender, message: IncomingMessage, heard: SessionResult, answer: SenderAnswer): boolean {
    const { keeper } = this.#options
    const { settings, session } = sender
    const changed = session.known.takeChanged()
    const isStranger =
      settings.isListedOnly &&
      [...heard.results, ...heard.repeated].some(({ device }) => !this.#addresses.isListed(device))
    const all = new AllStored({
      kept: () => answer.kept(isStranger ? undefined : heard.reply),
      refused: (error) => {
        heard.undo()
        session.known.putBack(changed)
        answer.refused(error)
      },
    })
    let learned: Documents = changed.map(([key, value]) => [`${dialectPrefix}${settings.id}/${key}`, value])
    let isAlarm = false
    for (const result of heard.results) {
      if (!result.isBridge && this.#options.isLockedOut?.(result.device)) {
        this.#strangers.note(settings, result, this.#idOf(settings, result.device), true)
        continue
      }
      if (settings.isListedOnly && !this.#addresses.isListed(result.device)) {
        this.#noteSender(settings, result, deviceIdOf(result.device))
        all.wait(this.#keepStrange(sender, message, 'it is not in devices', result.device))
        continue
      }
      const device = this.#deviceOf(settings, result)
      const event = eventOf({ ...result, device })
      if (event) {
        // In one commit with the event: what is learned of a press without the press would hide its repeat.
        if (keeper.takeReadings(event, all.part(), learned)) isAlarm = true
        learned = []
      }
      // A bridge's report about its devices is a hint; about itself it is its last will.
      const isWill = result.isBridge === true || (settings.isDevice && result.presence !== 'asleep')
      // RETAIN on a message that comes from its sender itself does not make it an old one; a retained "offline" of a bridge stands.
      const isNow = !message.isRetained || message.isDirect || result.presence === 'offline'
      if (isWill && result.presence !== undefined && isNow)
        all.wait(keeper.keepPresence(device, result.presence === 'online'))
      else if (!isWill && (result.presence === 'online' || result.presence === 'offline'))
        all.wait(keeper.keepHint(device, result.presence === 'online'))
      this.#noteSender(settings, result, device)
      if (!message.isRetained || message.isDirect) this.#options.onHeard?.(device, result)
    }
    // The same event may still wait for its commit: without this its repeat would be acknowledged before it is stored.
    for (const result of heard.repeated)
      keeper.joinStored(this.#deviceOf(settings, result), result.messageId, all.part())
    if (learned.length > 0) all.wait(keeper.keepState(learned))
    if (heard.quarantined !== undefined)
      all.wait(this.#keepStrange(sender, message, heard.quarantined, heard.quarantinedDevice))
    const result =
      heard.quarantined !== undefined ? 'quarantined' : heard.results.length > 0 ? 'kept' : 'ignored'
    this.#messages.inc({ dialect: session.dialect.name, result })
    all.complete()
    return isAlarm
  }

  /** Bounded where any machine may send. */
  async #keepStrange(
    sender: Sender,
    message: IncomingMessage,
    problem: string,
    about: string | undefined,
  ): Promise<void> {
    const { settings } = sender
    const isKnown = about !== undefined && this.#addresses.isListed(about)
    if (settings.isListedOnly && !isKnown) {
      const nowMs = this.#options.steadyMs()
      sender.rawPaidMs = Math.max(sender.rawPaidMs, nowMs)
      if (sender.rawPaidMs - nowMs > (rawBurst - 1) * rawEveryMs)
        return this.#messages.inc({ dialect: settings.dialect, result: 'dropped' })
      sender.rawPaidMs += rawEveryMs
    }
    await this.#keepRaw(sender, message, problem, about)
  }

  #keepRaw(
    { settings }: Sender,
    message: IncomingMessage,
    problem: string,
    about: string | undefined,
  ): Promise<void> {
    const device = about === undefined ? settings.id : this.#idOf(settings, about)
    return this.#options.keeper.keepUnreadable(
      { device, topic: message.topic, payload: message.payload },
      problem,
    )
  }

  #noteSender(settings: SenderSettings, result: SessionResult['results'][number], device: string): void {
    if (result.isBridge) return
    const place = { sender: settings.id, address: result.device }
    if (settings.isDevice || this.#addresses.isListed(result.device)) {
      this.#senderByDevice.set(device, place)
      return
    }
    this.#senderOfUnlisted.delete(device)
    this.#senderOfUnlisted.set(device, place)
    forgetOldest(this.#senderOfUnlisted, strangersMax)
    this.#strangers.note(settings, result, device)
  }

  #placeOf(device: string): { sender: string; address: string } | undefined {
    return this.#senderByDevice.get(device) ?? this.#senderOfUnlisted.get(device)
  }

  isListed(address: string): boolean {
    return this.#addresses.isListed(address)
  }

  /** Devices that sent and are in no list, the newest last. */
  strangers(): Stranger[] {
    return this.#strangers.all()
  }

  /** Writes the changed unlisted devices, for the next start. */
  async stop(): Promise<void> {
    await this.#strangers.keep()
  }

  /** The sender that carries messages to this device, if it does not use the native dialect. */
  senderOf(device: string): string | undefined {
    return this.#placeOf(device)?.sender ?? (this.#senders.has(device) ? device : undefined)
  }

  encode(device: string, command: DeviceCommand): EncodedCommand {
    const id = this.senderOf(device)
    const sender = id === undefined ? undefined : this.#senders.get(id)
    if (!sender) return { cannot: 'its bridge is not in the configuration' }
    const address = this.#placeOf(device)?.address ?? device
    const { dialect, known, settings } = sender.session
    return dialect.encode(address, command, known, settings)
  }

  permitJoin(sender: string, minutes: number, id: string): EncodedCommand {
    const session = this.#senders.get(sender)?.session
    if (!session) return { cannot: `there is no bridge "${sender}"` }
    return (
      session.dialect.permitJoin?.(minutes, session.settings, id) ?? {
        cannot: `${session.dialect.name} has no door to open: devices are added at the bridge itself`,
      }
    )
  }
}

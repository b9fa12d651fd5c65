// The firmware of all simulated devices: ids, the flash queue, sending until PUBACK, presence, battery, reports,
// reboots.
import { encodeDeviceEvent } from '../../protocols/device-mqtt/device-event.ts'
import { parseDeviceCommand, parseStageReceipt } from '../../protocols/device-mqtt/messages.ts'
import type { DeviceCommand, StageReceipt } from '../../protocols/device-mqtt/messages.ts'
import { deviceTopic } from '../../protocols/device-mqtt/topics.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Battery } from './battery.ts'
import { FlashQueue, type QueuedEvent } from './flash-queue.ts'
import { defaultBackOff, Link, type BackOff } from '../links/link.ts'
import type { MqttSession, TlsIdentity } from '../links/mqtt-session.ts'

/** A PUBACK that does not come in this time ends the connection; MQTT 3.1.1 [4.4.0] re-sends only on a new one. */
export const ackTimeoutMs = 30_000
/** Commands whose results are remembered, so that a repeated command acts once. */
export const commandsRememberedMax = 16
/** How long a sleeping device stays connected to receive commands and receipts after its last PUBACK. */
export const sleepyLingerMs = 2000

/** The specific part of a kind of device: its reports and answers. */
export interface Behaviour {
  /** The readings of a routine report. */
  report(): Readings
  /** Executes a command; returns the reason, in words, when it can not. */
  obey?(command: DeviceCommand): string | undefined
  seeReceipt?(receipt: StageReceipt): void
  /** Power is on: time for timers of its own. */
  wake?(): void
  /** Working memory is empty again. */
  forget?(): void
}

/** Events for tests and statistics. All are called synchronously. */
export interface DeviceHooks {
  /** An event was made; `isKept` false when the flash queue was full. */
  onEvent?(device: string, event: QueuedEvent, isKept: boolean): void
  onSend?(device: string, event: QueuedEvent): void
  onAck?(device: string, messageId: string): void
  onLink?(device: string, isUp: boolean, reason: string): void
  onReceipt?(device: string, receipt: StageReceipt): void
  onCommand?(device: string, command: DeviceCommand, error: string | undefined): void
}

export interface DeviceOptions {
  id: string
  url: string
  clock: Clock
  /** For readings and report times. */
  random: Random
  /** For back-off: separate, so that network faults do not change the device's readings. */
  linkRandom: Random
  username?: string | undefined
  password?: string | undefined
  tls?: TlsIdentity | undefined
  firstBoot?: number | undefined
  battery?: Battery | undefined
  /** Mean time between routine reports, each moved by up to a tenth either way; 0 for none. */
  reportIntervalMs: number
  /** Connects only to send. */
  isSleepy?: boolean | undefined
  /** False for firmware without a clock: its events carry no `at`. */
  hasClock?: boolean | undefined
  keepaliveSeconds?: number | undefined
  /** Unacknowledged events in flight; 1 as in most firmware, more for load. */
  inFlightMax?: number | undefined
  queueEventsMax?: number | undefined
  backOff?: BackOff | undefined
  hooks?: DeviceHooks | undefined
}

export class Device {
  readonly id: string
  readonly clock: Clock
  readonly random: Random
  readonly queue: FlashQueue
  readonly battery: Battery | undefined
  readonly link: Link
  #options: DeviceOptions
  #hooks: DeviceHooks
  #topic: string
  #inFlightMax: number
  #behaviour: Behaviour = { report: () => ({}) }
  #isOn = false
  #boot: number
  #counter = 0
  #inFlight = new Map<number, QueuedEvent>()
  #commandResults = new Map<string, string | undefined>()
  #timers = new Map<string, () => void>()

  constructor(options: DeviceOptions) {
    this.#options = options
    this.#hooks = options.hooks ?? {}
    this.id = options.id
    this.clock = options.clock
    this.random = options.random
    this.battery = options.battery
    this.#boot = options.firstBoot ?? 1
    this.#topic = deviceTopic(options.id, 'event')
    this.#inFlightMax = options.inFlightMax ?? 1
    this.queue = new FlashQueue(options.queueEventsMax)
    const { url, username, password, tls, keepaliveSeconds = 30 } = options
    this.link = new Link({
      dial: {
        url,
        username,
        password,
        tls,
        keepaliveSeconds,
        clientId: options.id,
        // A sleeping device needs a persistent session at the broker.
        isClean: !options.isSleepy,
        will: { topic: deviceTopic(options.id, 'presence'), payload: 'offline' },
      },
      clock: options.clock,
      random: options.linkRandom,
      backOff: options.backOff ?? defaultBackOff,
      onReady: (session) => this.#onReady(session),
      onAck: (packetId) => this.#onAck(packetId),
      onMessage: (topic, payload) => this.#onMessage(topic, payload),
      onDown: (reason) => this.#onDown(reason),
    })
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour
  }

  get isOn(): boolean {
    return this.#isOn
  }

  get boot(): number {
    return this.#boot
  }

  get isSleepy(): boolean {
    return this.#options.isSleepy ?? false
  }

  start(): void {
    if (this.#isOn || this.battery?.isDead) return
    this.#isOn = true
    this.#behaviour.wake?.()
    if (!this.isSleepy || this.queue.size > 0) this.link.raise()
    // Anywhere inside the first interval: a village switched on at one moment must not report at one moment for ever.
    this.#scheduleReport(this.random.next() * this.#options.reportIntervalMs)
  }

  /** Disconnects with presence offline; working memory stays, so `start` continues in the same boot. */
  stop(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#cancelTimers()
    if (!this.isSleepy) this.#sayPresence('offline')
    this.link.lower()
  }

  /** Without DISCONNECT: the broker sends the last will. `start` is the power coming back, with a new boot. */
  cutPower(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#cancelTimers()
    this.link.cut()
    this.#loseMemory()
  }

  /** A watchdog reset: boot count up, counter from 1, the flash queue survives. */
  reboot(): void {
    this.cutPower()
    this.start()
  }

  /**
   * Creates an event and sends it as soon as possible. Returns its message id, or undefined when it could not be
   * stored.
   */
  record(readings: Readings, isUrgent = false): string | undefined {
    if (!this.#isOn) return undefined
    const messageId = `${this.#boot}-${++this.#counter}`
    const at = this.#options.hasClock === false ? {} : { deviceAtMs: Math.round(this.clock.wallMs()) }
    const event = {
      messageId,
      isUrgent,
      sends: 0,
      payload: encodeDeviceEvent({ messageId, readings, ...at }),
    }
    const isKept = this.queue.push(event, this.#inFlight.size)
    this.#hooks.onEvent?.(this.id, event, isKept)
    if (this.link.session) this.#pump()
    else if (isUrgent) this.link.connectNow()
    else this.link.raise()
    return isKept ? messageId : undefined
  }

  /** A routine report now. */
  report(): string | undefined {
    const battery = this.battery && { batteryPercent: this.battery.percent }
    return this.record({
      ...this.#behaviour.report(),
      ...battery,
      signalDbm: -this.random.between(48, 92),
    })
  }

  /** Runs `run` after a while unless the device loses its power first; one timer per name. */
  after(name: string, delayMs: number, run: () => void): void {
    this.#timers.get(name)?.()
    const cancel = this.clock.after(delayMs, () => {
      this.#timers.delete(name)
      run()
    })
    this.#timers.set(name, cancel)
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  #loseMemory(): void {
    this.#boot++
    this.#counter = 0
    this.#commandResults.clear()
    this.#behaviour.forget?.()
  }

  #scheduleReport(delayMs: number): void {
    const { reportIntervalMs } = this.#options
    if (reportIntervalMs <= 0) return
    this.after('report', delayMs, () => {
      if (this.battery?.isDead) return this.cutPower()
      this.report()
      this.#scheduleReport(reportIntervalMs * (0.9 + 0.2 * this.random.next()))
    })
  }

  #sayPresence(word: 'online' | 'offline'): void {
    this.link.session?.publish(deviceTopic(this.id, 'presence'), Buffer.from(word), { isRetained: true })
  }

  #onReady(session: MqttSession): void {
    this.#hooks.onLink?.(this.id, true, 'connected')
    session.subscribe([deviceTopic(this.id, 'command'), deviceTopic(this.id, 'receipt')])
    this.#sayPresence('online')
    this.#pump()
  }

  #pump(): void {
    const session = this.link.session
    if (!session) return
    while (this.#inFlight.size < this.#inFlightMax) {
      const event = this.queue.at(this.#inFlight.size)
      if (!event) break
      event.sends++
      this.battery?.spend()
      this.#inFlight.set(session.publish(this.#topic, event.payload, { isRepeat: event.sends > 1 }), event)
      this.#hooks.onSend?.(this.id, event)
      if (this.#inFlight.size === 1) this.#watchAck()
    }
    if (this.isSleepy && this.queue.size === 0)
      this.after('sleep', sleepyLingerMs, () => {
        if (this.queue.size === 0) this.link.lower()
      })
  }

  #watchAck(): void {
    const oldest = this.queue.at(0)
    this.after('ack', ackTimeoutMs, () => {
      if (this.#inFlight.size === 0) return
      if (this.queue.at(0) === oldest) this.link.renew('no PUBACK')
      else this.#watchAck()
    })
  }

  #onAck(packetId: number): void {
    const event = this.#inFlight.get(packetId)
    if (!event) return
    this.#inFlight.delete(packetId)
    this.queue.remove(event)
    this.#hooks.onAck?.(this.id, event.messageId)
    this.#pump()
  }

  #onDown(reason: string): void {
    // It is unknown whether the broker has them: they are sent again, and the box recognises repeats by their ids.
    this.#inFlight.clear()
    this.#hooks.onLink?.(this.id, false, reason)
  }

  #onMessage(topic: string, payload: Uint8Array): void {
    if (topic === deviceTopic(this.id, 'command')) {
      const command = parseDeviceCommand(payload)
      if (command.ok) this.#obey(command.value)
    } else if (topic === deviceTopic(this.id, 'receipt')) {
      const receipt = parseStageReceipt(payload)
      if (!receipt.ok) return
      this.#behaviour.seeReceipt?.(receipt.value)
      this.#hooks.onReceipt?.(this.id, receipt.value)
    }
  }

  #obey(command: DeviceCommand): void {
    const results = this.#commandResults
    if (!results.has(command.id)) {
      const error = this.#behaviour.obey ? this.#behaviour.obey(command) : `can not do ${command.do}`
      results.set(command.id, error)
      const [oldest] = results.keys()
      if (results.size > commandsRememberedMax && oldest !== undefined) results.delete(oldest)
      this.#hooks.onCommand?.(this.id, command, error)
    }
    const error = results.get(command.id)
    const answer = { id: command.id, ok: error === undefined, ...(error !== undefined && { error }) }
    this.link.session?.publish(deviceTopic(this.id, 'result'), Buffer.from(JSON.stringify(answer)))
  }
}

// A village behind one bridge, over one MQTT connection, for a person at a terminal: `gengfu sim village --dialect NAME`.
import { connectAsync, type MqttClient } from 'mqtt'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { endProgress, print, printProgress } from '../../platform/terminal.ts'
import type { Credential } from '../links/credentials.ts'
import { startLine } from '../village/start-line.ts'
import { createPopulation, randomFor } from '../village/population.ts'
import { chirpstack, chirpstackOld, mapping, ttn } from './lorawan.ts'
import type { Quirk, SimulatedDevice, SimulatedMessage, BridgeSimulator } from './bridge-simulator.ts'
import { esphome, shelly, shelly2, tasmota } from './wifi.ts'
import { zigbee2mqtt } from './zigbee2mqtt.ts'

export const bridgeSimulators: Readonly<Record<string, BridgeSimulator>> = {
  zigbee2mqtt,
  tasmota,
  shelly,
  shelly2,
  esphome,
  chirpstack,
  'chirpstack-3': chirpstackOld,
  ttn,
  mapping,
}
export const bridgeSimulatorNames = Object.keys(bridgeSimulators)

export interface RunBridgeOptions {
  url: string
  dialect: string
  /** The credential's name: `bridges[].id`. */
  bridge: string
  devices: number
  seed: number
  intervalSeconds: number
  rate?: number | undefined
  pressesPerMinute: number
  quirks: readonly Quirk[]
  forSeconds?: number | undefined
  credential: Credential
}

export const villageOf = (count: number, seed: number, firstPlace = 0): SimulatedDevice[] =>
  createPopulation(count, seed).map((one, index) => ({ ...one, place: firstPlace + index }))

export interface ConversationOptions extends Pick<
  RunBridgeOptions,
  'dialect' | 'devices' | 'seed' | 'quirks'
> {
  /** Where its hardware addresses begin: another village at the same box has others. */
  firstPlace?: number
}

/** Everything that devices have come to, and what they say next. */
export class Conversation {
  readonly #simulator: BridgeSimulator
  readonly #devices: readonly SimulatedDevice[]
  readonly #has: (quirk: Quirk) => boolean
  readonly #random
  readonly #counts = new Map<string, number>()
  #presses = 0

  constructor(options: ConversationOptions) {
    const simulator = bridgeSimulators[options.dialect]
    if (!simulator) throw new Error(`--dialect: one of ${bridgeSimulatorNames.join(', ')}`)
    this.#simulator = simulator
    this.#devices = villageOf(options.devices, options.seed, options.firstPlace)
    this.#has = (quirk) => options.quirks.includes(quirk)
    this.#random = randomFor(options.seed, `talk in ${options.dialect}`)
  }

  hello(): SimulatedMessage[] {
    return this.#simulator.hello(this.#devices, this.#has)
  }

  report(atMs: number): SimulatedMessage[] {
    const device = this.#random.pick(this.#devices)
    const reading = {
      count: this.#count(device),
      atMs,
      isOpen: this.#random.next() < 0.1,
      levelMm: Math.round(this.#random.between(300, 1500)),
      batteryPercent: Math.round(device.batteryPercent ?? 100),
    }
    return this.#twice(this.#simulator.report(device, reading, this.#has))
  }

  /** Undefined in a village without a button. */
  press(): SimulatedMessage[] | undefined {
    const buttons = this.#devices.filter(({ kind }) => kind === 'button')
    // In turn: the same bytes from one button within a second are one message.
    const device = buttons[this.#presses++ % Math.max(1, buttons.length)]
    if (!device) return undefined
    return this.#twice(this.#simulator.press(device, 'pressed', this.#count(device), this.#has))
  }

  #count({ id }: SimulatedDevice): number {
    const count = (this.#counts.get(id) ?? 0) + 1
    this.#counts.set(id, count)
    return count
  }

  #twice(messages: SimulatedMessage[]): SimulatedMessage[] {
    return this.#has('duplicate') ? messages.flatMap((message) => [message, message]) : messages
  }
}

export async function runBridge(options: RunBridgeOptions): Promise<void> {
  const { url, bridge, credential, devices, intervalSeconds, pressesPerMinute, forSeconds } = options
  const clock = createSystemClock()
  const behind = { bridge, dialect: options.dialect }
  print(`${startLine({ url, devices, behind, forSeconds })}\n`)
  const conversation = new Conversation(options)
  const { password, tls } = credential
  const client: MqttClient = await connectAsync(url, {
    clientId: bridge,
    username: bridge,
    protocolVersion: 4,
    ...(password === undefined ? {} : { password }),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
  })
  let [sent, kept, presses] = [0, 0, 0]
  const send = (messages: readonly SimulatedMessage[]): void => {
    for (const { topic, payload, isRetained = false } of messages) {
      sent++
      client.publish(topic, payload, { qos: 1, retain: isRetained }, (error) => {
        if (!error) kept++
      })
    }
  }
  send(conversation.hello())
  const perSecond = options.rate ?? (intervalSeconds > 0 ? devices / intervalSeconds : 0)
  const timers = [
    ...(perSecond > 0
      ? [setInterval(() => send(conversation.report(clock.wallMs())), 1000 / perSecond)]
      : []),
    ...(pressesPerMinute > 0
      ? [
          setInterval(() => {
            presses++
            send(conversation.press() ?? [])
          }, 60_000 / pressesPerMinute),
        ]
      : []),
    setInterval(
      () => printProgress(`sent 已发 ${sent}  acknowledged 已确认 ${kept}  presses 按下 ${presses}`),
      1000,
    ),
  ]
  await new Promise<void>((resolve) => {
    if (forSeconds !== undefined) setTimeout(resolve, forSeconds * 1000)
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  for (const timer of timers) clearInterval(timer)
  await client.endAsync()
  endProgress()
  print(`sent 已发 ${sent}  acknowledged 已确认 ${kept}  presses 按下 ${presses}\n`)
}

// Decodes messages as the box does, without its disk: sessions by sender, and the alarm engine over a memory of its own.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { readFileSync } from 'node:fs'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import { createAlarmEngine } from '../alarms/alarm-engine.ts'
import type { AlarmMemory } from '../alarms/port.ts'
import type { GatewayConfig } from '../config/config.ts'
import { sendersOf } from '../dialects/box/senders-of.ts'
import { Addresses, covers, deviceSettingsOf, type SenderSettings } from '../dialects/box/senders.ts'
import { dialectOf, dialectOfTopic } from '../dialects/dialects.ts'
import { euiOf } from '../dialects/lorawan/envelopes/fields.ts'
import { lorawan } from '../dialects/lorawan/lorawan.ts'
import { deviceIdOf } from '../dialects/meaning/values.ts'
import type { DeviceResult, Dialect, DialectMessage, DialectSettings } from '../dialects/port.ts'
import { eventOf } from '../dialects/session/event-of.ts'
import { DialectSession, type SessionResult } from '../dialects/session/session.ts'

/** Message ids kept; a repeat after this many others counts as new. */
const keptMax = 10_000

export interface Line {
  message: DialectMessage
  dialect?: string
}

/** What one line answers. */
export interface Answer {
  results: object[]
  ignored?: string
  quarantined?: string
}

interface Choices {
  dialect?: string
  codec?: string
}

interface Sender {
  session: DialectSession
  /** Of the configuration; one of the line's dialect has none. */
  settings?: SenderSettings
}

export class Decoding {
  /** Those of the configuration by `bridges[].id`, and one for each other dialect by its name. */
  readonly #senders = new Map<string, Sender>()
  readonly #memory = createMemory()
  readonly #engine: ReturnType<typeof createAlarmEngine>
  readonly #choices: Choices
  readonly #kept = new Set<string>()
  readonly #devices: ReturnType<typeof deviceSettingsOf>
  readonly #addresses: Addresses
  #inputs = 0

  constructor(config: GatewayConfig, choices: Choices) {
    const { box, zones, devices, rules, limits } = config
    this.#choices = choices
    this.#devices = deviceSettingsOf(devices)
    this.#addresses = new Addresses(devices)
    for (const settings of sendersOf(config)) {
      const dialect = dialectOf(settings.dialect)
      if (dialect) this.#senders.set(settings.id, { settings, session: this.#sessionOf(dialect, settings) })
    }
    this.#engine = createAlarmEngine({
      boxId: box.id,
      zones: [...zones],
      devices: [...devices],
      rules: [...rules],
      limits,
    })
  }

  /** What the box has learned, by the sender's id. */
  restore(sender: string, key: string, value: object): void {
    this.#senders.get(sender)?.session.known.restore(key, value)
  }

  async take(line: Line): Promise<Answer> {
    const { message } = line
    const name = line.dialect ?? this.#choices.dialect
    const sender = this.#senderOf(message, name)
    if (!sender)
      return {
        results: [],
        quarantined: name === undefined ? 'no dialect knows this topic' : `there is no dialect "${name}"`,
      }
    const { dialect } = sender.session
    const heard = await sender.session.take(dialect === lorawan ? withDevice(message) : message)
    const fresh = heard.results.filter((result) => !this.#isKept(dialect, result))
    const isRepeat = fresh.length === 0 && heard.results.length > 0
    const { ignored = isRepeat ? 'the same message once more' : undefined, quarantined } = heard
    return {
      results: this.#resultsOf({ ...heard, results: fresh }, message.atMs, sender),
      ...(ignored === undefined ? {} : { ignored }),
      ...(quarantined === undefined ? {} : { quarantined }),
    }
  }

  /** The bridge or device of the configuration whose topic it is, then the dialect that the topic looks like. */
  #senderOf(message: DialectMessage, name: string | undefined): Sender | undefined {
    const { topic } = message
    const named = name === undefined ? undefined : dialectOf(name)
    if (name !== undefined && !named) return undefined
    const ours = [...this.#senders.values()].filter(
      ({ settings, session }) => settings && (!named || session.dialect === named),
    )
    const known = ours.find(({ session }) => {
      const { publish } = session.dialect.topics(session.settings)
      return publish.length > 0 ? covers(publish, topic) : session.dialect.claims(topic)
    })
    if (known) return known
    // A dialect that is named for all lines, and of which the configuration has one bridge, is that bridge.
    if (named && ours.length === 1) return ours[0]
    const dialect = named ?? this.#dialectOf(message)
    if (!dialect) return undefined
    const key = `dialect ${dialect.name}`
    let sender = this.#senders.get(key)
    if (!sender) this.#senders.set(key, (sender = { session: this.#sessionOf(dialect) }))
    return sender
  }

  /** A topic without a meaning belongs to the conversation under way, if there is one. */
  #dialectOf({ topic, fPort }: DialectMessage): Dialect | undefined {
    const sessions = [...this.#senders.values()].map(({ session }) => session)
    const knowing = sessions.find(({ dialect, known }) => dialect.knows?.(topic, known))
    const isFrame = fPort !== undefined || this.#choices.codec !== undefined
    return (
      knowing?.dialect ??
      dialectOfTopic(topic) ??
      (isFrame ? lorawan : sessions.length === 1 ? sessions[0]?.dialect : undefined)
    )
  }

  /** As the journal does on the box: a message with its sender's own counter is stored once. */
  #isKept({ name, repeats }: Dialect, { device, messageId }: SessionResult['results'][number]): boolean {
    if (repeats.by !== 'counter' || messageId === '') return false
    const id = `${name} ${device} ${messageId}`
    if (this.#kept.has(id)) return true
    this.#kept.add(id)
    forgetOldest(this.#kept, keptMax)
    return false
  }

  #sessionOf(dialect: Dialect, sender?: SenderSettings): DialectSession {
    const { codec } = this.#choices
    const mapping = dialect.name === 'mapping' && codec?.endsWith('.json') ? readJson(codec) : undefined
    const { base, codec: ownCodec = codec, mapping: ownMapping = mapping, modbus, password } = sender ?? {}
    const settings: DialectSettings = {
      devices: this.#devices,
      ...(base === undefined ? {} : { base }),
      ...(ownCodec === undefined ? {} : { codec: ownCodec }),
      ...(ownMapping === undefined ? {} : { mapping: ownMapping }),
      ...(modbus === undefined ? {} : { modbus }),
      ...(password === undefined ? {} : { password }),
    }
    const deviceOf = (result: DeviceResult): string => this.#idOf(sender, result.device)
    return new DialectSession({ dialect, settings, deviceOf })
  }

  #idOf(settings: SenderSettings | undefined, address: string): string {
    return settings?.isDevice ? settings.id : this.#addresses.idOf(address)
  }

  #resultsOf(heard: SessionResult, atMs: number, { settings }: Sender): object[] {
    return heard.results.map((result) => {
      const { device, readings, momentary, presence, faults, answer } = result
      const alarms = this.#alarmsOf({ ...result, device: this.#idOf(settings, device) }, atMs)
      return {
        device,
        readings,
        ...(momentary ? { momentary } : {}),
        ...(presence ? { presence } : {}),
        ...(faults ? { faults } : {}),
        ...(answer ? { answer } : {}),
        ...(alarms.length > 0 ? { alarms } : {}),
      }
    })
  }

  #alarmsOf(result: DeviceResult & { messageId: string }, atMs: number): object[] {
    const event = eventOf(result)
    if (!event) return []
    const now = {
      steadyMs: atMs,
      wallMs: atMs,
      clock: 'synced' as const,
      inputId: `decode-${++this.#inputs}`,
    }
    const { transitions } = this.#engine.judge(this.#memory, { type: 'event', event }, now)
    return transitions.map(({ change, alarm }) => alarmLine(change, alarm))
  }
}

/** A frame without its device is from the device in its topic, or from the only device. */
function withDevice(message: DialectMessage): DialectMessage {
  const { topic, device } = message
  if (device !== undefined || lorawan.claims(topic)) return message
  const eui = topic
    .split('/')
    .map(euiOf)
    .find((found) => found !== undefined)
  return { ...message, device: eui ?? (topic === '' ? 'frame' : deviceIdOf(topic)) }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function alarmLine(change: string, { kind, variant, colour, state, text }: Alarm): object {
  return { change, kind, ...(variant === undefined ? {} : { variant }), colour, state, text }
}

function createMemory(): AlarmMemory {
  const documents = new Map<string, unknown>()
  return {
    get: (key) => documents.get(key),
    set: (key, value) => void (value === undefined ? documents.delete(key) : documents.set(key, value)),
    *keys(prefix) {
      for (const key of documents.keys()) if (key.startsWith(prefix)) yield key
    },
  }
}

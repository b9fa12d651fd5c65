// `gengfu decode`: messages of any dialect as JSON lines in, the box's readings and alarms as JSON lines out.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, CommanderError } from 'commander'
import type { Alarm } from '../../protocols/domain/alarm.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Problem, type Result } from '../../protocols/kit/result.ts'
import { createAlarmEngine } from '../alarms/alarm-engine.ts'
import type { AlarmMemory } from '../alarms/port.ts'
import { parseGatewayConfig, readGatewayConfig, type GatewayConfig } from '../config/config.ts'
import { Addresses } from '../dialects/box/senders.ts'
import { deviceSettingsOf } from '../dialects/box/senders.ts'
import { dialectNames, dialectOf, dialectOfTopic } from '../dialects/dialects.ts'
import type { DeviceResult, Dialect, DialectMessage } from '../dialects/port.ts'
import { DialectSession, type Heard } from '../dialects/session/session.ts'
import { eventOf } from '../dialects/session/event-of.ts'
import { printJson, printProblem } from '../../platform/terminal.ts'

interface Choices {
  config?: string
  dialect?: string
  codec?: string
}

/** Longest line that is read. */
const lineBytesMax = 1024 * 1024
/** Time between two lines without `atMs`: far enough apart to be two messages, near enough to be one press. */
const lineGapMs = 500
/** Message ids kept; a repeat after this many others counts as new. */
const keptMax = 10_000

interface Line {
  message: DialectMessage
  dialect?: string
}

/** The answer to one line. */
interface Answer {
  line: number
  results: object[]
  ignored?: string
  quarantined?: string
}

function bytesOf(line: Record<string, unknown>): Result<Uint8Array> {
  const { payload, payloadHex } = line
  if (typeof payloadHex === 'string') {
    const hex = payloadHex.replaceAll(/[\s:]/g, '')
    return /^([0-9a-f]{2})*$/i.test(hex) ? ok(Buffer.from(hex, 'hex')) : bad('hex digits', 'payloadHex')
  }
  if (typeof payload === 'string') return ok(Buffer.from(payload))
  // Useful if a recording contains the JSON itself.
  if (isObject(payload) || Array.isArray(payload)) return ok(Buffer.from(JSON.stringify(payload)))
  return bad('text as payload, or hex as payloadHex', 'payload')
}

function readLine(text: string, atMs: number): Result<Line> {
  if (text.length > lineBytesMax) return bad(`a line of at most ${lineBytesMax} characters`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return bad('not JSON')
  }
  if (!isObject(json)) return bad('an object, like {"topic":"zigbee2mqtt/door","payload":"{}"}')
  const bytes = bytesOf(json)
  if (!bytes.ok) return bytes
  const { topic, fPort, retained, resent, dialect, device } = json
  return ok({
    message: {
      topic: typeof topic === 'string' ? topic : '',
      payload: bytes.value,
      isRetained: retained === true,
      isResent: resent === true,
      atMs: typeof json['atMs'] === 'number' ? json['atMs'] : atMs,
      ...(typeof fPort === 'number' ? { fPort } : {}),
      ...(typeof device === 'string' ? { device } : {}),
    },
    ...(typeof dialect === 'string' ? { dialect } : {}),
  })
}

/** The box without its disk: sessions by dialect, and the alarm engine over its own memory. */
class Decoding {
  readonly #sessions = new Map<string, DialectSession>()
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
    this.#engine = createAlarmEngine({
      boxId: box.id,
      zones: [...zones],
      devices: [...devices],
      rules: [...rules],
      limits,
    })
  }

  async take(line: Line): Promise<Omit<Answer, 'line'>> {
    const { message } = line
    const name = line.dialect ?? this.#choices.dialect
    const dialect = name === undefined ? this.#dialectOfTopic(message.topic) : dialectOf(name)
    if (!dialect)
      return {
        results: [],
        quarantined: name === undefined ? 'no dialect knows this topic' : `there is no dialect "${name}"`,
      }
    const heard = await this.#sessionOf(dialect).take(message)
    const fresh = heard.results.filter((result) => !this.#isKept(dialect, result))
    const isRepeat = fresh.length === 0 && heard.results.length > 0
    const { ignored = isRepeat ? 'the same message once more' : undefined, quarantined } = heard
    return {
      results: this.#resultsOf({ ...heard, results: fresh }, message.atMs),
      ...(ignored === undefined ? {} : { ignored }),
      ...(quarantined === undefined ? {} : { quarantined }),
    }
  }

  /** A line without a known topic belongs to the current session, if there is one. */
  #dialectOfTopic(topic: string): Dialect | undefined {
    const sessions = [...this.#sessions.values()]
    const knowing = sessions.find(({ dialect, known }) => dialect.knows?.(topic, known))
    return (
      dialectOfTopic(topic) ?? knowing?.dialect ?? (sessions.length === 1 ? sessions[0]?.dialect : undefined)
    )
  }

  /** The role of the journal on the box: a message with its sender's own counter is stored once. */
  #isKept({ name, repeats }: Dialect, { device, messageId }: Heard['results'][number]): boolean {
    if (repeats.by !== 'counter' || messageId === '') return false
    const id = `${name} ${device} ${messageId}`
    if (this.#kept.has(id)) return true
    this.#kept.add(id)
    for (const oldest of this.#kept) {
      if (this.#kept.size <= keptMax) break
      this.#kept.delete(oldest)
    }
    return false
  }

  #sessionOf(dialect: Dialect): DialectSession {
    let session = this.#sessions.get(dialect.name)
    if (session) return session
    const { codec } = this.#choices
    const mapping = dialect.name === 'mapping' && codec?.endsWith('.json') ? readJson(codec) : undefined
    const settings = {
      devices: this.#devices,
      ...(codec === undefined ? {} : { codec }),
      ...(mapping === undefined ? {} : { mapping }),
    }
    session = new DialectSession({ dialect, settings })
    this.#sessions.set(dialect.name, session)
    return session
  }

  #resultsOf(heard: Heard, atMs: number): object[] {
    return heard.results.map((result) => {
      const { device, readings, momentary, presence, faults, answer } = result
      const alarms = this.#alarmsOf(result, atMs)
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
    const event = eventOf({ ...result, device: this.#addresses.idOf(result.device) })
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

function fail(problems: readonly Problem[]): void {
  for (const { path, message } of problems) printProblem(`${path === '' ? '' : `${path}: `}${message}\n`)
  process.exitCode = 2
}

const withoutConfig = 'box: {id: decode}\ndataDir: /nonexistent\nmqtt: {listeners: [{port: 0}]}\n'

async function decode(choices: Choices): Promise<void> {
  if (choices.dialect !== undefined && !dialectOf(choices.dialect))
    return fail([{ path: '--dialect', message: `one of ${dialectNames.join(', ')}` }])
  const config =
    choices.config === undefined ? parseGatewayConfig(withoutConfig, '/') : readGatewayConfig(choices.config)
  if (!config.ok) return fail(config.problems)
  const decoding = new Decoding(config.value, choices)
  let line = 0
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (text.trim() === '') continue
    line++
    const read = readLine(text, line * lineGapMs)
    const answer: Answer = read.ok
      ? { line, ...(await decoding.take(read.value)) }
      : { line, results: [], quarantined: read.problems[0]?.message ?? 'not readable' }
    if (!process.stdout.writable) return
    printJson(answer)
  }
}

export async function runDecode(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu decode')
    .description('the readings and alarms that messages of devices give 解码设备报文')
    .option(
      '--config <file>',
      'gateway configuration, YAML: then its devices, zones and limits count 网关配置',
    )
    .option('--dialect <name>', `${dialectNames.join(', ')}; by the topic when left out 方言`)
    .option('--codec <file or name>', 'the codec of LoRaWAN frames that come without one 解码器')
    .addHelpText(
      'after',
      '\nStandard input 输入: {"topic": TOPIC, "payload": TEXT | "payloadHex": HEX, "fPort": N, "retained": true}' +
        '\nOne line each, and one line back for each, in order. State is carried from line to line. 逐行对应。\n',
    )
    .exitOverride()
    .action(decode)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

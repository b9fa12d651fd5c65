// `gengfu decode`: messages of any dialect as JSON lines in, what the box makes of them as JSON lines out.
import { Command, CommanderError } from 'commander'
import { isObject } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Problem, type Result } from '../../protocols/kit/result.ts'
import { parseGatewayConfig, readGatewayConfig, type GatewayConfig } from '../config/config.ts'
import { dialectNames, dialectOf } from '../dialects/dialects.ts'
import { dialectPrefix } from '../dialects/box/dialect-intake.ts'
import { readRawInput } from '../journal/raw-input.ts'
import { printJson, printProblem } from '../../platform/terminal.ts'
import { boundedLines } from './bounded-lines.ts'
import { Decoding, type Line } from './decoding.ts'

interface Choices {
  config?: string
  again?: true
  dialect?: string
  codec?: string
}

/** Longest line that is read: the largest message of a bridge (`payloadBytes`), with its quotation marks escaped. */
const lineBytesMax = 32 * 1024 * 1024
/** Time between two lines without `atMs`: far enough apart to be two messages, near enough to be one press. */
const lineGapMs = 500
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

function readLine(text: string | undefined, atMs: number): Result<Line> {
  if (text === undefined) return bad(`a line of at most ${lineBytesMax} bytes`)
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

function fail(problems: readonly Problem[]): void {
  for (const { path, message } of problems) printProblem(`${path === '' ? '' : `${path}: `}${message}\n`)
  process.exitCode = 2
}

const withoutConfig = 'box: {id: decode}\ndataDir: /nonexistent\nmqtt: {listeners: [{port: 0}]}\n'

async function decode(choices: Choices): Promise<void> {
  if (choices.dialect !== undefined && !dialectOf(choices.dialect))
    return fail([{ path: '--dialect', message: `one of ${dialectNames.join(', ')}` }])
  if (choices.again && choices.config === undefined)
    return fail([
      { path: '--again', message: 'only together with --config: it names the box 须与 --config 同用' },
    ])
  const config =
    choices.config === undefined ? parseGatewayConfig(withoutConfig, '/') : readGatewayConfig(choices.config)
  if (!config.ok) return fail(config.problems)
  return choices.again ? decodeAgain(config.value, choices) : decodeLines(config.value, choices)
}

async function decodeLines(config: GatewayConfig, choices: Choices): Promise<void> {
  const decoding = new Decoding(config, choices)
  let line = 0
  for await (const text of boundedLines(process.stdin, lineBytesMax)) {
    if (text?.trim() === '') continue
    line++
    const read = readLine(text, line * lineGapMs)
    const answer = read.ok
      ? await decoding.take(read.value)
      : { results: [], quarantined: read.problems[0]?.message ?? 'not readable' }
    if (!process.stdout.writable) return
    printJson({ line, ...answer })
  }
}

/** The raw messages of the box, oldest first, decoded with the dialects of today. No alarm is raised on the box. */
async function decodeAgain(config: GatewayConfig, choices: Choices): Promise<void> {
  const kept = readRawInput(config.dataDir, dialectPrefix)
  if (!kept.ok) return fail(kept.problems)
  const decoding = new Decoding(config, choices)
  for (const [key, value] of kept.value.documents) {
    const [, sender = '', own = ''] = /^dialect:([^/]+)\/(.*)$/s.exec(key) ?? []
    decoding.restore(sender, own, value)
  }
  let line = 0
  for (const { atMs, device, topic, problem, payload } of kept.value.rows) {
    line++
    const message = { topic, payload, isRetained: false, device, atMs: line * lineGapMs }
    const answer = await decoding.take({ message })
    if (!process.stdout.writable) return
    printJson({ line, at: new Date(atMs).toISOString(), device, topic, was: problem, ...answer })
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
    .option('--again', 'what the box of --config kept raw, decoded with what is known today 重新解码隔离区')
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

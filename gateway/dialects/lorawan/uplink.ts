// Turns one uplink, of any network server, into readings: which decoder, the radio values, and the message id.
import { jsonOf } from '../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type DeviceDescription,
  type DeviceResult,
  type DialectSettings,
  type Knowledge,
  type Learned,
} from '../port.ts'
import { CodecSandbox } from './codecs/sandbox.ts'
import { readCodec } from './codecs/codec-files.ts'
import { meaningOf, meaningOfObject } from './codecs/object-meaning.ts'
import { countFrame } from './counters.ts'
import { readFrame, type MakerAnswer } from './makers/answer.ts'
import { builtinOf, makerNames, recognised, type Builtin } from './makers/makers.ts'

/** Longest frame that LoRaWAN has. */
export const frameBytesMax = 255

export interface Uplink {
  /** DevEUI, lower case. */
  device: string
  fPort: number
  bytes?: Uint8Array | undefined
  /** The result of the network server's own codec. */
  object?: Record<string, unknown> | undefined
  /** The network server's names of the kind of device. */
  hints: readonly string[]
  fCnt?: number | undefined
  session?: string | undefined
  timeMs?: number | undefined
  /** Of the gateway with the best signal. */
  signalDbm?: number | undefined
  snrDb?: number | undefined
  /** The network server's time. */
  batteryPercent?: number | undefined
  about?: DeviceDescription | undefined
  learned: readonly Learned[]
}

const codecs = new CodecSandbox()
/** A message is checked for urgency and then decoded: its codec runs once. */
const answers = new WeakMap<Uint8Array, Promise<MakerAnswer>>()

const ofBuiltin = ({ maker, model }: Builtin, fPort: number, bytes: Uint8Array): MakerAnswer =>
  readFrame(maker.decoder, fPort, bytes, model)

async function ofVendor(file: string, uplink: Uplink, bytes: Uint8Array): Promise<MakerAnswer> {
  const codec = readCodec(file)
  if (typeof codec === 'string')
    return { readings: {}, problem: `${codec}; built in are devices of ${makerNames.join(', ')}` }
  const outcome = await codecs.run(codec.name, {
    code: codec.code,
    fPort: uplink.fPort,
    bytes: [...bytes],
    recvTimeMs: uplink.timeMs ?? 0,
  })
  if ('json' in outcome) {
    const json = jsonOf(Buffer.from(outcome.json), Infinity)
    return json.ok ? meaningOf(json.value) : { readings: {}, problem: 'the codec answers no JSON' }
  }
  return {
    readings: {},
    problem: `the codec ${file} failed: ${outcome.failure}`,
    ...(outcome.isOff ? { faults: ['codec-switched-off'] } : {}),
  }
}

function answerOf(
  uplink: Uplink,
  settings: DialectSettings,
  key: Uint8Array,
): MakerAnswer | Promise<MakerAnswer> {
  const { device, fPort, bytes, object, hints } = uplink
  const fromObject = object && Object.keys(object).length > 0 ? meaningOfObject(object) : undefined
  if (!bytes || bytes.length === 0)
    return fromObject ?? { readings: {}, ignored: 'a frame without a payload' }
  if (fPort === 0) return { readings: {}, ignored: 'commands of the radio, on port 0' }
  if (bytes.length > frameBytesMax) return { readings: {}, problem: `longer than ${frameBytesMax} bytes` }
  const codec = settings.devices?.[device]?.codec ?? settings.codec
  if (codec !== undefined) {
    const named = builtinOf(codec)
    if (named && !/\.[cm]?js$/i.test(codec)) return ofBuiltin(named, fPort, bytes)
    const running = answers.get(key) ?? ofVendor(codec, uplink, bytes)
    answers.set(key, running)
    return running
  }
  for (const hint of hints) {
    const hinted = builtinOf(hint)
    const answer = hinted && ofBuiltin(hinted, fPort, bytes)
    if (answer && answer.problem === undefined) return answer
    if (answer && !fromObject) return answer
  }
  if (fromObject) return fromObject
  const fitting = recognised(fPort, bytes)
  if (fitting) return ofBuiltin(fitting, fPort, bytes)
  return { readings: {}, problem: 'no codec is configured for it, and its frame is unknown' }
}

function resultOf(uplink: Uplink, answer: MakerAnswer, messageId: string | undefined): DeviceResult {
  const { device, signalDbm, snrDb, batteryPercent, about } = uplink
  return {
    device,
    readings: {
      ...(signalDbm === undefined ? {} : { signalDbm }),
      ...(snrDb === undefined ? {} : { snrDb }),
      ...(batteryPercent === undefined ? {} : { batteryPercent }),
      ...answer.readings,
    },
    ...(answer.momentary ? { momentary: answer.momentary } : {}),
    ...(answer.faults ? { faults: answer.faults } : {}),
    ...(messageId === undefined ? {} : { messageId }),
    ...(about ? { about } : {}),
  }
}

export function decodeUplink(
  uplink: Uplink,
  known: Knowledge,
  settings: DialectSettings,
  key: Uint8Array,
): Decoded | Promise<Decoded> {
  const { device, fCnt } = uplink
  const answer = answerOf(uplink, settings, key)
  const finish = (found: MakerAnswer): Decoded => {
    const { session, timeMs, bytes = new Uint8Array() } = uplink
    const counted =
      fCnt === undefined ? undefined : countFrame(known, device, { fCnt, session, timeMs, bytes })
    const learned = [...uplink.learned, ...(counted?.learned ?? [])]
    if (found.problem !== undefined) {
      const results = found.faults ? [resultOf(uplink, found, counted?.messageId)] : []
      return { ...unreadable(found.problem, device), results, learned }
    }
    const result = resultOf(uplink, found, counted?.messageId)
    const isEmpty = Object.keys(result.readings).length === 0 && !result.faults
    if (isEmpty) return nothing(found.ignored ?? 'no readings', learned)
    return { results: [result], learned }
  }
  return answer instanceof Promise ? answer.then(finish) : finish(answer)
}

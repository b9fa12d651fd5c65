// A dialect as data, for makers with JSON of their own: the path of the device's id, the path of each reading, its
// scale, its words and its words for "not known". No code runs; vectors beside it test it.
import { z } from 'zod'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { deviceIdOf, flagOf, numberOf, objectOf, textOf, timeOf } from '../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type Dialect,
  type DialectMessage,
  type DialectReadings,
} from '../port.ts'
import { families } from './families.ts'

const contentWindowMs = 1000
const path = z.string().min(1).max(200)
const word = z.union([z.string().max(100), z.number(), z.boolean(), z.null()])

const readingSchema = z.strictObject({
  path,
  /** `value * scale + offset`. */
  scale: z.number().optional(),
  offset: z.number().optional(),
  /** The maker's words (as text) and ours; a word that is not in it means "not known". */
  words: z.record(z.string().max(100), word).optional(),
  as: z.enum(['number', 'flag', 'text']).default('number'),
  /** Values that mean "not known". */
  unknown: z.array(word).max(20).default([]),
  isMomentary: z.boolean().default(false),
})

const ruleSchema = z.strictObject({
  /** Paths and the values they must have. */
  when: z.record(path, word).default({}),
  /** `path:params.iccid` or `topic:2` (levels from 0). */
  device: z.string().regex(/^(path:.+|topic:\d+)$/, 'path:... or topic:N'),
  messageId: path.optional(),
  time: path.optional(),
  readings: z.record(z.string().max(64), readingSchema).default({}),
  /**
   * The reply that the device waits for; `{time}` and `{path}` are replaced. Without `topic` the reply goes to the
   * request itself.
   */
  answer: z.strictObject({ topic: z.string().max(256).optional(), payload: z.string().max(1000) }).optional(),
})

export const mappingSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Topics (or request paths) of its devices. */
  topics: z.array(z.string().min(1).max(256)).min(1).max(20),
  rules: z.array(ruleSchema).min(1).max(50),
})
export type Mapping = z.infer<typeof mappingSchema>
type Rule = z.infer<typeof ruleSchema>
type Reading = z.infer<typeof readingSchema>

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

function at(json: unknown, steps: string): unknown {
  let value = json
  for (const step of steps.split('.')) {
    if (Array.isArray(value)) value = value[Number(step)]
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

function read(value: unknown, { scale = 1, offset = 0, words, as, unknown }: Reading): unknown {
  if (value === null || unknown.some((one) => one === value)) return null
  if (words)
    return typeof value !== 'object' && Object.hasOwn(words, wordOf(value))
      ? (words[wordOf(value)] ?? null)
      : null
  if (as === 'flag') return flagOf(value)
  if (as === 'text') return typeof value === 'object' ? null : wordOf(value)
  const number = numberOf(value)
  return number === null ? null : Math.round((number * scale + offset) * 1000) / 1000
}

function readRule(rule: Rule, json: unknown, topic: string): Decoded {
  const colon = rule.device.indexOf(':')
  const from = rule.device.slice(0, colon)
  const where = rule.device.slice(colon + 1)
  const id = from === 'topic' ? topic.split('/')[Number(where)] : at(json, where)
  if ((typeof id !== 'string' && typeof id !== 'number') || String(id) === '')
    return unreadable('no id of a device in it')
  const device = deviceIdOf(String(id))
  const readings: DialectReadings = {}
  const momentary: Readings = {}
  for (const [name, reading] of Object.entries(rule.readings)) {
    const value = at(json, reading.path)
    if (value === undefined) continue
    const meant = read(value, reading)
    if (reading.isMomentary && meant === null) continue
    readings[name] = meant
    if (reading.isMomentary) momentary[name] = meant
  }
  const deviceAtMs = rule.time === undefined ? undefined : timeOf(at(json, rule.time))
  const messageId = rule.messageId === undefined ? undefined : at(json, rule.messageId)
  const isCounted = typeof messageId === 'string' || typeof messageId === 'number'
  return {
    results: [
      {
        device,
        readings,
        ...(Object.keys(momentary).length > 0 ? { momentary } : {}),
        ...(isCounted
          ? { messageId: `m${String(messageId)}`.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 64) }
          : {}),
        ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
        ...(Object.keys(readings).length === 0 ? { presence: 'online' as const } : {}),
      },
    ],
  }
}

function replyOf(rule: Rule, json: unknown): Uint8Array | undefined {
  if (!rule.answer) return undefined
  const filled = rule.answer.payload.replaceAll(/\{([A-Za-z_][\w.]*)\}/g, (_all, name: string) => {
    const value = at(json, name)
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  })
  return new TextEncoder().encode(filled)
}

export function decodeMapped(
  mapping: Mapping,
  { topic, payload }: Pick<DialectMessage, 'topic' | 'payload'>,
): Decoded {
  const json = objectOf(payload)
  if (!json) return unreadable(`not a JSON object: ${textOf(payload).slice(0, 40)}`)
  const rule = mapping.rules.find(({ when }) =>
    Object.entries(when).every(([where, value]) => at(json, where) === value),
  )
  if (!rule) return nothing(`the mapping "${mapping.name}" has no rule for it`)
  const decoded = readRule(rule, json, topic)
  const reply = replyOf(rule, json)
  return reply ? { ...decoded, reply } : decoded
}

const builtIn = new Map(families.map((family) => [family.name, mappingSchema.parse(family)]))
export const mappingNames: readonly string[] = [...builtIn.keys()]

/** By the name of a built-in family, or the content of a file. */
function mappingOf({ codec, mapping }: { codec?: string; mapping?: unknown }): Mapping | undefined {
  const parsed = mapping === undefined ? undefined : mappingSchema.safeParse(mapping)
  return parsed?.success ? parsed.data : builtIn.get(codec ?? '')
}

export const mapped: Dialect = {
  name: 'mapping',
  repeats: { by: 'content', windowMs: contentWindowMs },
  topics: (settings) => {
    const topics = mappingOf(settings)?.topics ?? []
    return { publish: topics, subscribe: topics.map((topic) => `${topic}/reply`) }
  },
  claims: () => false,
  decode: (message, _known, settings) => {
    const mapping = mappingOf(settings)
    return mapping
      ? decodeMapped(mapping, message)
      : unreadable(`no such mapping: a file, or one of ${mappingNames.join(', ')}`)
  },
  encode: () => ({ cannot: 'a mapping reads only' }),
}

// Turns a zod parse into our Result, so that no other file depends on the form of zod's errors. The messages
// are written for the person who wrote the value; a schema's own message is used first.
import type { z } from 'zod'
import { bad, type Result } from './result.ts'

/**
 * Never throws. zod itself can: it continues with the length checks after a wrong type, and compares `{"length":
 * {"toString": 1}}` with a number.
 */
export function fromZod<T>(schema: z.ZodType<T>, value: unknown): Result<T> {
  let parsed: z.ZodSafeParseResult<T>
  try {
    parsed = schema.safeParse(value, { error: problemWords })
  } catch {
    return bad('a value that can not be checked')
  }
  if (parsed.success) return { ok: true, value: parsed.data }
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({
      path: issue.path.map(String).join('.'),
      message: issue.message,
    })),
  }
}

type Issue = Parameters<z.core.$ZodErrorMap>[0]

const kinds: Readonly<Record<string, { en: string; zh: string }>> = {
  string: { en: 'text', zh: '文字' },
  number: { en: 'a number', zh: '数字' },
  int: { en: 'a whole number', zh: '整数' },
  boolean: { en: 'true or false', zh: ' true 或 false' },
  array: { en: 'a list', zh: '列表' },
  object: { en: 'keys with values', zh: '键值' },
  record: { en: 'keys with values', zh: '键值' },
}
const valuesShown = 30
const valueLengthMax = 60

/** Undefined leaves the words to zod. */
function problemWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return ofType(issue.expected, issue.input)
    case 'invalid_value':
      return ofChoice(issue.values, issue.input)
    case 'unrecognized_keys':
      return `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}: is it spelled wrongly? 未知的键`
    case 'too_small':
      return `at least ${issue.minimum}${unitOf(issue.origin)} 过小或过短`
    case 'too_big':
      return `at most ${issue.maximum}${unitOf(issue.origin)} 过大或过长`
    default:
      return undefined
  }
}

function ofType(expected: string, input: unknown): string | undefined {
  const kind = kinds[expected]
  if (input === undefined)
    return kind === undefined ? 'missing 缺少此项' : `missing: ${kind.en} 缺少此项：${kind.zh.trim()}`
  if (kind === undefined) return undefined
  const isBare = expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')
  const [en, zh] = isBare ? [': put it in quotes', '，请加引号'] : ['', '']
  return `${kind.en} is expected, not ${shown(input)}${en} 应为${kind.zh}${zh}`
}

function ofChoice(values: readonly unknown[], input: unknown): string {
  if (input === undefined) return 'missing 缺少此项'
  const texts = values.map(shown)
  const right = typeof input === 'string' ? shown(input.toLowerCase()) : undefined
  if (right !== undefined && texts.includes(right)) return `write ${right}, in lower case 请用小写`
  const more = texts.length > valuesShown ? ' ...' : ''
  return `one of ${texts.slice(0, valuesShown).join(', ')}${more} is expected, not ${shown(input)} 应为其中之一`
}

function shown(value: unknown): string {
  if (value === null) return 'nothing'
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'keys with values'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, valueLengthMax)) : `${value as number}`
}

const unitOf = (origin: string): string =>
  ({ string: ' characters 个字符', array: ' entries 项' })[origin] ?? ''

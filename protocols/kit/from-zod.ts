// Turns a zod parse into our Result, so that no other file depends on the form of zod's errors.
import type { z } from 'zod'
import { problemWords } from './problem-words.ts'
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

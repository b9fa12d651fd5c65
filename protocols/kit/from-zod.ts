// Turns a zod parse into our Result, so that no other file needs to know how zod words its errors.
import type { z } from 'zod'
import type { Result } from './result.ts'

export function fromZod<T>(schema: z.ZodType<T>, value: unknown): Result<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data }
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({
      path: issue.path.map(String).join('.'),
      message: issue.message,
    })),
  }
}

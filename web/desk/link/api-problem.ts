// The failure of a request, in a form that can be shown in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'

/**
 * `status` 0: the centre could not be reached. `alarm` comes with a conflict: the alarm and the person who accepted it.
 */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly text: BilingualText
  readonly alarm: DeskAlarm | undefined
  readonly thrown: unknown

  constructor(status: number, code: string, text: BilingualText, alarm?: DeskAlarm, thrown?: unknown) {
    super(text.en)
    this.status = status
    this.code = code
    this.text = text
    this.alarm = alarm
    this.thrown = thrown
  }
}

/** Any thrown value, in a form that can be shown. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  const words = error instanceof Error ? error.message : String(error)
  return new ApiProblem(
    0,
    'page',
    { zh: `页面出错：${words}`, en: `The page failed: ${words}` },
    undefined,
    error,
  )
}

export const isSignedOut = (error: unknown): boolean => error instanceof ApiProblem && error.status === 401

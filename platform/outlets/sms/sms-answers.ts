// Answers by short message. The sender of a short message can be forged, so an answer acts on a case only with the code of the
// message that it answers; everything else is a note, and tries are few. Pure apart from the counters.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { AnswerKey } from '../port.ts'
import { HourLimit } from './hour-limit.ts'

/** Wrong codes of one number in an hour; after that no answer of it acts until the hour is over. */
export const wrongCodesHourMax = 5
/** Answers of one number in an hour; further ones are dropped, so that no number fills the history of a case. */
export const answersHourMax = 30
const keys: Record<string, AnswerKey> = lookup({ 4: 'accept', 5: 'pass-on', 6: 'done' })
/** `4 1234`: one of the keys, and perhaps a code, in any digits that a telephone writes. */
const answerPattern = /^([456])(?:\D{0,3}(\d{4})(?!\d)|(?!\D{0,3}\d))/

/** A message that was sent to the number. */
export interface SentMessage {
  id: string
  /** Absent in what an earlier version has sent. */
  code?: string | undefined
}

/** `key`: the answer acts on the case of `id`; otherwise its words are a note there. */
export interface JudgedAnswer {
  id: string
  key?: AnswerKey
}

export function parseAnswer(text: string): { key: AnswerKey; code?: string } | undefined {
  const [, digit = '', code] = answerPattern.exec(text.normalize('NFKC').trim()) ?? []
  const key = keys[digit]
  return key && { key, ...(code === undefined ? {} : { code }) }
}

export interface SmsAnswersOptions {
  clock: Pick<Clock, 'monotonicMs'>
  /** A key without a code acts if only one message can be meant. */
  isCodeNeeded: boolean
}

export class SmsAnswers {
  readonly #options: SmsAnswersOptions
  readonly #answers: HourLimit
  readonly #wrongCodes: HourLimit

  constructor(options: SmsAnswersOptions) {
    this.#options = options
    this.#answers = new HourLimit(options.clock)
    this.#wrongCodes = new HourLimit(options.clock)
  }

  /** `sent`: what was sent to `phone`, newest first. Undefined: the answer is dropped. */
  judge(phone: string, text: string, sent: readonly SentMessage[]): JudgedAnswer | undefined {
    const [newest] = sent
    if (!newest || !this.#answers.isOpen(phone, answersHourMax)) return undefined
    this.#answers.count(phone)
    const note = { id: newest.id }
    const answer = parseAnswer(text)
    if (!answer || !this.#wrongCodes.isOpen(phone, wrongCodesHourMax)) return note
    if (answer.code === undefined)
      return !this.#options.isCodeNeeded && sent.length === 1 ? { ...note, key: answer.key } : note
    const meant = sent.find(({ code }) => code === answer.code)
    if (meant) return { id: meant.id, key: answer.key }
    this.#wrongCodes.count(phone)
    return note
  }
}

// Short messages to the numbers of an outlet and to people on duty, bounded for each number; answers by key change the case.
import { rm } from 'node:fs/promises'
import { every } from '../../time/every.ts'
import { messageOf as failureText } from '../../failure.ts'
import { urgency } from '../../../protocols/domain/colour.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { SmsSettings } from '../settings/sms-settings.ts'
import { plainWords } from '../answer-bytes.ts'
import { httpPost } from '../http-post.ts'
import type { OutletMessage } from '../message.ts'
import type { Outlet, OutletAnswer, OutletEvents } from '../port.ts'
import { askFor, fileNameOf, readIncoming, sendByGammu, sentTo, wholeNumber } from './gammu-folders.ts'
import { HourLimit } from './hour-limit.ts'
import { SmsAnswers } from './sms-answers.ts'
import { shownRequest, smsRequest } from './sms-http.ts'

export interface SmsOptions {
  settings: SmsSettings
  textOf: (message: OutletMessage) => string
  /** Numbers of the people of these roles who are on duty for the village; each look is in the audit log. */
  phonesOnDuty: (village: string, duty: NonNullable<SmsSettings['duty']>, about: string) => Promise<string[]>
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
}

const inboxEveryMs = 2000
/** Two parts of a long message in Chinese are 134 characters. */
const textCharsMax = 134
const redFactor = 4
export function createSmsOutlet(options: SmsOptions): Outlet {
  const { settings, clock } = options
  const { gammu, numbers } = settings
  const sender = new SmsSender(options)
  let cancel: () => void = () => undefined
  return {
    preview: (messages) =>
      messages
        .flatMap((message) =>
          (numbers.length > 0 ? numbers : ['+0000']).map((phone) => sender.preview(phone, message)),
        )
        .join('\n'),
    send: async ([message], signal) =>
      message ? sender.send(message, signal) : { state: 'refused', words: 'no message', isFinal: true },
    start: (events) => {
      if (gammu?.inboxFolder !== undefined)
        cancel = every(clock, inboxEveryMs, () => void sender.readAnswers(events))
    },
    stop: () => cancel(),
  }
}

class SmsSender {
  readonly #options: SmsOptions
  readonly #limit: HourLimit
  readonly #answers: SmsAnswers
  #isReading = false

  constructor(options: SmsOptions) {
    this.#options = options
    const { clock, settings } = options
    this.#limit = new HourLimit(clock)
    this.#answers = new SmsAnswers({ clock, isCodeNeeded: settings.gammu?.answersWithoutCode !== true })
  }

  preview(phone: string, message: OutletMessage): string {
    const { http } = this.#options.settings
    const words = this.#wordsOf(message, '0000')
    if (http) return shownRequest(http, phone, words)
    return `${fileNameOf(message.id, phone, urgency(message.colour))}\n${words}`
  }

  async send(message: OutletMessage, signal: AbortSignal): Promise<OutletAnswer> {
    const { settings, phonesOnDuty } = this.#options
    const { numbers, duty } = settings
    const onDuty = duty && !message.isTest ? await phonesOnDuty(message.village, duty, message.case) : []
    const phones = [...new Set([...numbers, ...onDuty])]
    if (phones.length === 0)
      return { state: 'refused', words: 'no number: no person of these roles is on duty' }
    const tried = await Promise.all(
      phones.map(async (phone) => ({ phone, fault: await this.#tryOne(phone, message, signal) })),
    )
    const words = tried.map(({ phone, fault }) => `${masked(phone)} ${fault ?? 'sent'}`).join('; ')
    return { state: tried.some(({ fault }) => fault === undefined) ? 'handed-over' : 'refused', words }
  }

  async readAnswers(events: OutletEvents): Promise<void> {
    const { settings, onFailed } = this.#options
    const { gammu } = settings
    if (this.#isReading || gammu?.inboxFolder === undefined) return
    this.#isReading = true
    try {
      for (const { file, atMs, phone, text } of await readIncoming(gammu.inboxFolder)) {
        const { countryCode } = settings
        const sent = await sentTo(gammu.sentFolder, phone, atMs, countryCode)
        const judged = this.#answers.judge(wholeNumber(phone, countryCode), text, sent)
        const [words, who] = [plainWords(text), masked(phone)]
        if (judged?.key !== undefined) await events.answered(judged.id, judged.key, words, who)
        else if (judged) await events.noted(judged.id, words, who)
        await rm(file, { force: true })
      }
    } catch (error) {
      onFailed(error)
    } finally {
      this.#isReading = false
    }
  }

  #wordsOf(message: OutletMessage, code: string): string {
    const { settings, textOf } = this.#options
    const ask =
      message.step === 'raised' && settings.gammu?.inboxFolder !== undefined
        ? askFor(code, settings.language)
        : ''
    // A cut may leave half of a rare character, which no encoding takes.
    const words = textOf(message)
      .slice(0, textCharsMax - ask.length)
      .replaceAll(/\p{Surrogate}/gu, '')
    return `${words}${ask}`
  }

  /** Undefined when it was sent. */
  async #tryOne(phone: string, message: OutletMessage, signal: AbortSignal): Promise<string | undefined> {
    const most = this.#options.settings.perPersonHourMax * (message.colour === 'red' ? redFactor : 1)
    if (!this.#limit.isOpen(phone, most)) return `${most} in an hour are the limit`
    try {
      const fault = await this.#sendOne(phone, message, signal)
      if (fault === undefined) this.#limit.count(phone)
      return fault
    } catch (error) {
      return failureText(error)
    }
  }

  async #sendOne(phone: string, message: OutletMessage, signal: AbortSignal): Promise<string | undefined> {
    const { settings, clock, random } = this.#options
    const { gammu, http } = settings
    // A message that was already handed to the modem stays as it is, with its code.
    const words = this.#wordsOf(message, String(random.between(0, 9999)).padStart(4, '0'))
    if (gammu) {
      const name = fileNameOf(message.id, phone, urgency(message.colour))
      return (await sendByGammu(gammu, name, words, clock, signal))
        ? undefined
        : 'gammu-smsd could not send it'
    }
    if (!http) return 'no way to send'
    const { status, text } = await httpPost(smsRequest(http, phone, words), signal)
    const isTaken = status >= 200 && status < 300 && (http.okText === undefined || text.includes(http.okText))
    return isTaken ? undefined : `${status} ${plainWords(text)}`
  }
}

/** The case is read by many: the middle of a number is for the roster. */
export const masked = (phone: string): string => `${phone.slice(0, -8)}****${phone.slice(-4)}`

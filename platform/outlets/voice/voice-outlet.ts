// A call that reads the alarm aloud. A telephone waits for a key (4 accept, 5 pass on, 6 done), and no call is recorded; a loudspeaker sounds
// a tone and answers by itself.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { OutletMessage } from '../message.ts'
import { connectWords, householdWords } from '../words.ts'
import type { AnswerKey, Outlet, OutletAnswer, OutletEvents } from '../port.ts'
import type { CallSettings, LoudspeakerSettings, VoiceSettings } from '../settings/voice-settings.ts'
import { phonePattern } from '../settings/sms-settings.ts'
import { masked, type SmsOptions } from '../sms/sms-outlet.ts'
import { pause, speak, speechVoices, tone } from './speech.ts'
import { VoiceLine } from './voice-line.ts'

const keys: Record<string, AnswerKey> = lookup({ 4: 'accept', 5: 'pass-on', 6: 'done' })
/** Of a household that is called back. */
const householdKeys: Record<string, string> = lookup({ 1: 'all is well 平安', 2: 'NEEDS HELP 需要帮助' })
const asks = {
  zh: '接警请按 4，转交请按 5，已处理请按 6。',
  en: 'Press 4 to accept, 5 to pass on, 6 when it is done.',
}
/** For the key, after the last words. */
const keyWaitMs = 6000
const gapMs = 800
/** Messages whose last number is remembered, so that the next attempt calls the next one. */
const turnsMax = 500

export interface VoiceOptions {
  settings: CallSettings
  textOf: (message: OutletMessage) => string
  phonesOnDuty: SmsOptions['phonesOnDuty']
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
}

type Call = (user: string, message: OutletMessage, signal: AbortSignal) => ReturnType<VoiceLine['call']>
type Connect = (
  user: string,
  target: string,
  message: OutletMessage,
  signal: AbortSignal,
) => ReturnType<VoiceLine['connect']>

export function createVoiceOutlet(options: VoiceOptions): Outlet {
  const { settings } = options
  let events: OutletEvents | undefined
  const line = new VoiceLine({
    ...options,
    onRegistered: (isGood, words) => events?.heard(isGood, words),
  })
  const words = (message: OutletMessage): string => {
    if (message.deskPhone !== undefined) return connectWords(message, settings.language)
    if (message.step === 'household') return householdWords(message, settings.language)
    const text = options.textOf(message)
    return settings.type === 'voice' ? `${text} ${asks[settings.language]}` : text
  }
  const spokenOf = (text: string, signal: AbortSignal): Promise<Uint8Array> => {
    const voice = settings.voice ?? speechVoices[settings.language]
    return speak({ command: settings.speechCommand, voice }, text, signal)
  }
  const connect: Connect = async (user, target, message, signal) => {
    const spoken = await spokenOf(connectWords(message, settings.language), signal)
    return line.connect(user, Buffer.concat([pause(gapMs), spoken]), target, signal)
  }
  const call: Call = async (user, message, signal) => {
    const spoken = await spokenOf(words(message), signal)
    const speech = speechOf(settings, spoken)
    return line.call(user, speech, (key) => settings.type === 'voice' && key in keysOf(message), signal)
  }
  const send =
    settings.type === 'voice'
      ? telephones(settings, options, { call, connect }, () => events)
      : speakers(settings, call)
  return {
    preview: (messages) =>
      messages
        .flatMap((message) =>
          usersOf(settings, message).map(
            (user) => `INVITE sip:${user}@${line.domain} SIP/2.0\n\n${words(message)}`,
          ),
        )
        .join('\n'),
    send: async ([message], signal) =>
      message ? send(message, signal) : { state: 'refused', words: 'no message', isFinal: true },
    start: (given) => {
      events = given
      line.start()
    },
    stop: () => line.stop(),
  }
}

const keysOf = ({ step }: OutletMessage): object => (step === 'household' ? householdKeys : keys)

const usersOf = (settings: CallSettings, message: OutletMessage): readonly string[] => {
  if (message.step === 'household') return [message.deskPhone ?? message.place?.phone ?? '+0000']
  if (settings.type === 'loudspeaker') return settings.speakers
  return settings.numbers.length > 0 ? settings.numbers : ['+0000']
}

function speechOf(settings: CallSettings, spoken: Uint8Array): Uint8Array {
  const before = settings.type === 'loudspeaker' ? tone(settings.toneSeconds * 1000) : pause(gapMs)
  const read = Array.from({ length: settings.repeats }, () => [
    Buffer.from(spoken),
    Buffer.from(pause(gapMs)),
  ])
  const after = settings.type === 'voice' ? pause(keyWaitMs) : new Uint8Array()
  return Buffer.concat([before, ...read.flat(), after])
}

/** One number in an attempt, the next one in the next: until a person presses a key, or the message is given up. */
function telephones(
  { numbers, duty }: VoiceSettings,
  { phonesOnDuty }: VoiceOptions,
  { call, connect }: { call: Call; connect: Connect },
  events: () => OutletEvents | undefined,
) {
  const turns = new Map<string, number>()
  return async (message: OutletMessage, signal: AbortSignal): Promise<OutletAnswer> => {
    if (message.step === 'household')
      return message.deskPhone === undefined
        ? household(message, call, events, signal)
        : connected(message, message.deskPhone, connect, signal)
    const onDuty = duty && !message.isTest ? await phonesOnDuty(message.village, duty, message.case) : []
    const phones = [...new Set([...numbers, ...onDuty])]
    const turn = turns.get(message.id) ?? 0
    const phone = phones[turn % Math.max(1, phones.length)]
    if (phone === undefined)
      return { state: 'refused', words: 'no number: no person of these roles is on duty' }
    turns.delete(message.id)
    turns.set(message.id, turn + 1)
    const [oldest] = turns.keys()
    if (turns.size > turnsMax && oldest !== undefined) turns.delete(oldest)
    const { state, words, key, tookMs } = await call(phone, message, signal)
    const who = masked(phone)
    const leg = `${who} ${words}, ${Math.round(tookMs / 1000)} s`
    const answer = key === undefined ? undefined : keys[key]
    if (answer !== undefined) {
      if (!message.isTest) await events()?.answered(message.id, answer, `${leg}, key ${key}`, who)
      return { state: 'confirmed', words: `${leg}, key ${key}` }
    }
    // Heard by an answering machine too: the other numbers are called, and after the last one it counts as handed over.
    const isLast = turn + 1 >= phones.length
    if (state === 'played' && isLast) return { state: 'handed-over', words: `${leg}, no key` }
    return { state: 'refused', words: state === 'played' ? `${leg}, no key` : leg }
  }
}

/** One call for one press of the button: a household is not rung again and again. */
async function household(
  message: OutletMessage,
  call: Call,
  events: () => OutletEvents | undefined,
  signal: AbortSignal,
): Promise<OutletAnswer> {
  const phone = householdPhone(message)
  if (phone === undefined) return noHouseholdPhone
  const { state, words, key, tookMs } = await call(phone, message, signal)
  const leg = `${masked(phone)} ${words}, ${Math.round(tookMs / 1000)} s`
  const answer = key === undefined ? undefined : householdKeys[key]
  if (answer !== undefined) {
    await events()?.noted(message.id, `key ${key}: ${answer}`, masked(phone))
    return { state: 'confirmed', words: `${leg}, key ${key}: ${answer}` }
  }
  return state === 'played'
    ? { state: 'handed-over', words: `${leg}, no key` }
    : { state: 'refused', words: leg, isFinal: true }
}

/** The person at the desk hears the household, and notes what it said. One attempt: a second one would ring both again. */
async function connected(
  message: OutletMessage,
  deskPhone: string,
  connect: Connect,
  signal: AbortSignal,
): Promise<OutletAnswer> {
  const phone = householdPhone(message)
  if (phone === undefined) return noHouseholdPhone
  const { state, words } = await connect(deskPhone, phone, message, signal)
  if (state === 'unreached')
    return { state: 'refused', words: `${deskPhone} (the desk): ${words}`, isFinal: true }
  if (state === 'failed')
    return { state: 'refused', words: `${masked(phone)} not connected: ${words}`, isFinal: true }
  return { state: 'handed-over', words: `${deskPhone} connected with ${masked(phone)}: ${words}` }
}

const noHouseholdPhone: OutletAnswer = {
  state: 'refused',
  words: 'the household has no telephone number',
  isFinal: true,
}

const householdPhone = ({ place }: OutletMessage): string | undefined => {
  const phone = place?.phone?.replace(/[ ()/-]/g, '') ?? ''
  return phonePattern.test(phone) ? phone : undefined
}

/** Each of them; handed over when one has played it to the end, and the words name the others. */
function speakers(settings: LoudspeakerSettings, call: Call) {
  return async (message: OutletMessage, signal: AbortSignal): Promise<OutletAnswer> => {
    const outcomes: string[] = []
    let played = 0
    for (const speaker of settings.speakers) {
      const { state, words } = await call(speaker, message, signal)
      if (state === 'played') played++
      outcomes.push(`${speaker} ${state === 'played' ? 'played' : words}`)
    }
    const words = outcomes.join('; ')
    return played > 0 ? { state: 'handed-over', words } : { state: 'refused', words }
  }
}

// Alarms to a receiver of social care by SCAIP, with heartbeats. Designed after SS 91100:2014 and CLC/TS 50134-9, certified to neither.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { messageOf as failureText } from '../../failure.ts'
import { every } from '../../time/every.ts'
import type { OutletMessage } from '../message.ts'
import type { Outlet, OutletAnswer, OutletEvents } from '../port.ts'
import type { ScaipSettings } from '../settings/scaip-settings.ts'
import { refOf, scaipHeartbeat, scaipRequest } from './scaip-codes.ts'
import { ScaipReceiver } from './scaip-receiver.ts'

/** Heartbeats, and registrations, that fail in a row. */
const missesMax = 3
/** Requests whose late response can still be told apart; the oldest is forgotten. */
const openMax = 1000
const noMessage = 'no message of SCAIP for this step: nothing is sent'

export interface ScaipOptions {
  settings: ScaipSettings
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
}

export function createScaipOutlet(options: ScaipOptions): Outlet {
  const { settings, clock } = options
  const open = new Map<string, string>()
  const supervision = new Supervision(options)
  const receiver = new ScaipReceiver({
    ...options,
    onLate: (ref, { state, words }) => {
      const id = open.get(ref)
      if (id !== undefined && state === 'confirmed')
        supervision.events.confirmed(id, words, settings.receiver)
    },
    onRegistered: (isGood, words) => supervision.count(isGood, words),
  })
  const bodyOf = (message: OutletMessage): Buffer | undefined => {
    const controller = settings.controllers[message.village] ?? settings.controller
    return scaipRequest(message, { controller, language: settings.language, caller: receiver.caller })
  }
  const remember = (message: OutletMessage): void => {
    open.set(refOf(message), message.id)
    const [oldest] = open.keys()
    if (open.size > openMax && oldest !== undefined) open.delete(oldest)
  }
  let cancel: () => void = () => undefined
  return {
    preview: (messages) =>
      messages
        .map((message) => {
          const body = bodyOf(message)
          return body ? `MESSAGE ${receiver.uri} SIP/2.0\n\n${body.toString('utf8')}` : noMessage
        })
        .join('\n'),
    send: ([message], signal) => {
      if (!message) return Promise.resolve({ state: 'refused', words: 'no message', isFinal: true })
      const body = bodyOf(message)
      if (!body) return Promise.resolve({ state: 'handed-over', words: noMessage })
      remember(message)
      return receiver.ask(refOf(message), body, signal)
    },
    start: (events) => {
      supervision.events = events
      receiver.start()
      const { superviseSeconds } = settings
      if (superviseSeconds !== undefined)
        cancel = every(clock, superviseSeconds * 1000, () => void supervision.ask(receiver), 0)
    },
    stop: async () => {
      cancel()
      supervision.stop()
      await receiver.stop()
    },
  }
}

/** Counts what fails in a row. */
class Supervision {
  events: OutletEvents = {
    heard: () => undefined,
    confirmed: () => undefined,
    answered: () => Promise.resolve(),
    noted: () => Promise.resolve(),
  }
  readonly #options: ScaipOptions
  readonly #stopped = new AbortController()
  #misses = 0

  constructor(options: ScaipOptions) {
    this.#options = options
  }

  async ask(receiver: ScaipReceiver): Promise<void> {
    const { settings, random, clock } = this.#options
    const ref = random.hex(8)
    const late = new AbortController()
    const cancel = clock.after(settings.timeoutSeconds * 1000, () => late.abort())
    const signal = AbortSignal.any([late.signal, this.#stopped.signal])
    const answer = await receiver
      .ask(ref, scaipHeartbeat(ref, settings.controller), signal)
      .catch((error: unknown): OutletAnswer => ({ state: 'refused', words: failureText(error) }))
      .finally(cancel)
    if (!this.#stopped.signal.aborted) this.count(answer.state === 'confirmed', answer.words)
  }

  count(isGood: boolean, words: string): void {
    this.#misses = isGood ? 0 : this.#misses + 1
    if (isGood || this.#misses >= missesMax) this.events.heard(isGood, words)
  }

  stop(): void {
    this.#stopped.abort()
  }
}

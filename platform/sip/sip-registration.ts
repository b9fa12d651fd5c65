// A registration that is kept: made, renewed at half of its time, made anew after a failure, and watched by keep-alives of the user's own.
import type { Clock } from '../../protocols/kit/clock.ts'
import {
  headerOf,
  headersOf,
  parseAddress,
  splitList,
  type SipHeaders,
  type SipResponse,
} from './sip-message.ts'
import type { SipAgent } from './sip-agent.ts'

/** After a failure; doubled up to the longest. */
const retryFirstMs = 2000
const retryMsMax = 60_000
const attemptMs = 32_000

export interface SipRegistrationOptions {
  agent: SipAgent
  /** The registrar, such as `sip:34020000002000000001@3402000000`. */
  uri: string
  expiresSeconds: number
  headers?: SipHeaders
  clock: Clock
  /** Registered, or not; in the registrar's words. */
  onChange: (isRegistered: boolean, words: string, response?: SipResponse) => void
}

export class SipRegistration {
  readonly #options: SipRegistrationOptions
  readonly #stopped = new AbortController()
  #cancel: () => void = () => undefined
  #working: Promise<boolean> | undefined
  #isRegistered = false
  #retryMs = retryFirstMs
  #words = 'not registered yet'

  constructor(options: SipRegistrationOptions) {
    this.#options = options
  }

  get isRegistered(): boolean {
    return this.#isRegistered
  }

  get words(): string {
    return this.#words
  }

  start(): void {
    void this.#work()
  }

  /** True when it is registered; one that is not is tried at once. */
  async ensure(signal: AbortSignal): Promise<boolean> {
    if (this.#isRegistered) return true
    if (signal.aborted) return false
    let aborted = (): void => undefined
    const late = new Promise<boolean>((resolve) => {
      aborted = () => resolve(false)
      signal.addEventListener('abort', aborted, { once: true })
    })
    return Promise.race([this.#work(), late]).finally(() => signal.removeEventListener('abort', aborted))
  }

  /** The peer does not know us any more. */
  lost(words: string): void {
    if (this.#stopped.signal.aborted || !this.#isRegistered) return
    this.#isRegistered = false
    this.#words = words
    this.#options.onChange(false, words)
    void this.#work()
  }

  /** Signs off, for at most two seconds. */
  async stop(): Promise<void> {
    this.#cancel()
    this.#stopped.abort()
    await this.#working
    if (this.#isRegistered) await this.#register(0, 2000, new AbortController().signal).catch(() => undefined)
    this.#isRegistered = false
  }

  #work(): Promise<boolean> {
    this.#cancel()
    this.#working ??= this.#attempt().finally(() => (this.#working = undefined))
    return this.#working
  }

  async #attempt(): Promise<boolean> {
    const { expiresSeconds, onChange, clock } = this.#options
    const { signal } = this.#stopped
    const outcome = await this.#register(expiresSeconds, attemptMs, signal).catch(
      (error: Error) => error.message,
    )
    if (signal.aborted) return false
    const response = typeof outcome === 'string' ? undefined : outcome
    const isGood = response !== undefined && response.status >= 200 && response.status < 300
    this.#words = response ? `${response.status} ${response.reason}` : `${outcome as string}`
    this.#isRegistered = isGood
    this.#retryMs = isGood ? retryFirstMs : Math.min(this.#retryMs * 2, retryMsMax)
    const againMs = isGood ? (grantedSeconds(response, expiresSeconds) * 1000) / 2 : this.#retryMs
    this.#cancel = clock.after(againMs, () => void this.#work())
    onChange(isGood, this.#words, response)
    return isGood
  }

  async #register(expires: number, ms: number, signal: AbortSignal): Promise<SipResponse> {
    const { agent, uri, headers = [], clock } = this.#options
    const late = new AbortController()
    const cancel = clock.after(ms, () => late.abort())
    try {
      return await agent.send(
        {
          method: 'REGISTER',
          uri,
          to: `<sip:${agent.address}>`,
          headers: [['expires', String(expires)], ...headers],
        },
        AbortSignal.any([signal, late.signal]),
      )
    } finally {
      cancel()
    }
  }
}

/** What the registrar grants may be shorter than what was asked for (clause 10.3). At least 30 s, whatever it writes. */
export function grantedSeconds(response: SipResponse, asked: number): number {
  const contacts = headersOf(response, 'contact').flatMap(splitList)
  const ofContact = contacts.map((value) => parseAddress(value)?.parameters.get('expires'))
  const granted = [...ofContact, headerOf(response, 'expires')].find((value) => /^\d{1,9}$/.test(value ?? ''))
  return granted === undefined ? asked : Math.min(asked, Math.max(30, Number.parseInt(granted, 10)))
}

// The platform above: registered at it, kept alive, its questions answered, and alarms handed to it one by one.
import { readFileSync } from 'node:fs'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { gbDomainOf } from '../../../platform/gb28181/gb-codes.ts'
import { encodeGbXml, parseGbXml } from '../../../platform/gb28181/gb-xml.ts'
import { SipAgent } from '../../../platform/sip/sip-agent.ts'
import {
  headerOf,
  responseTo,
  type SipHeaders,
  type SipRequest,
  type SipResponse,
} from '../../../platform/sip/sip-message.ts'
import { SipRegistration } from '../../../platform/sip/sip-registration.ts'
import { every } from '../../../platform/time/every.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { Gb28181Settings } from '../../config/outlets/gb28181-settings.ts'
import type { OutletAnswer } from '../../../platform/outlets/port.ts'
import { alarmResult, answersTo, askedOf, catalogue, isAlarmReset, type GbAsked } from './gb-answers.ts'

/** Keep-alives without an answer, and registrations that failed, in a row. */
const missesMax = 3
const keepaliveMs = 10_000
/** Questions that are being answered; a further one gets 503, and its asker asks again. */
const askedMax = 8
/** Alarms whose answer can still be told apart; the oldest is forgotten. */
const openMax = 1000

const allow: SipHeaders = [['allow', 'MESSAGE, OPTIONS, SUBSCRIBE']]
const contentType: SipHeaders = [['content-type', 'Application/MANSCDP+xml']]

export interface GbPlatformOptions {
  settings: Gb28181Settings
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
}

export interface GbEvents {
  heard: (isWell: boolean, words: string) => void
  /** The platform has stored the alarm, or a person there has reset it. */
  confirmed: (id: string, words: string) => void
}

export class GbPlatform {
  readonly #options: GbPlatformOptions
  readonly #agent: SipAgent
  readonly #registration: SipRegistration
  readonly #uri: string
  readonly #stopped = new AbortController()
  /** By SN: what was handed over and is not confirmed. */
  readonly #open = new Map<string, { id: string; channel: string }>()
  #events: GbEvents = { heard: () => undefined, confirmed: () => undefined }
  #cancel: () => void = () => undefined
  #misses = 0
  #asked = 0
  #sn = 0

  constructor(options: GbPlatformOptions) {
    this.#options = options
    const { settings, clock, random, onFailed } = options
    const { serverCode, code, host, port, transport, localHost, localPort, registerSeconds } = settings
    const domain = settings.domain ?? gbDomainOf(serverCode)
    this.#uri = `sip:${serverCode}@${domain}`
    this.#agent = new SipAgent({
      settings: {
        server: { host, port },
        transport,
        caFile: settings.caFile,
        local: { host: localHost, port: localPort },
        address: `${code}@${gbDomainOf(code)}`,
      },
      credentials: () => this.#credentials(),
      clock,
      random,
      answer: (request) => this.#answer(request),
      onFailed,
    })
    this.#registration = new SipRegistration({
      agent: this.#agent,
      uri: this.#uri,
      expiresSeconds: registerSeconds,
      // 2022 clause 8.1 and annex I: the edition that is spoken.
      headers: [['x-gb-ver', settings.edition === '2022' ? '3.0' : '2.0']],
      clock,
      onChange: (isRegistered, words) => this.#noteTurn(isRegistered, words),
    })
  }

  get uri(): string {
    return this.#uri
  }

  start(events: GbEvents): void {
    this.#events = events
    this.#registration.start()
    const { clock, settings } = this.#options
    this.#cancel = every(clock, settings.keepaliveSeconds * 1000, () => void this.#keepAlive())
  }

  async stop(): Promise<void> {
    this.#cancel()
    this.#stopped.abort()
    await this.#registration.stop()
    this.#agent.stop()
  }

  /** A 200 proves that the platform's program has read it, and no more. */
  async alarm(
    id: string,
    number: number,
    channel: string,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<OutletAnswer> {
    if (!(await this.#registration.ensure(signal)))
      return { state: 'refused', words: `not registered: ${this.#registration.words}` }
    const sn = String(number)
    // Before it is sent: the answer may come before the 200.
    this.#open.delete(sn)
    this.#open.set(sn, { id, channel })
    forgetOldest(this.#open, openMax)
    const response = await this.#message(body, signal)
    const words = `${response.status} ${response.reason}`
    if (response.status >= 200 && response.status < 300) return { state: 'handed-over', words }
    this.#open.delete(sn)
    // It does not know us: the next attempt registers first.
    if ([401, 403, 404].includes(response.status)) this.#registration.lost(words)
    return { state: 'refused', words }
  }

  #credentials(): { user: string; password: string } | undefined {
    const { passwordFile, user, code } = this.#options.settings
    // Read at each use: a changed password needs no restart.
    return passwordFile === undefined
      ? undefined
      : { user: user ?? code, password: readFileSync(passwordFile, 'utf8').trim() }
  }

  #message(body: Buffer, signal: AbortSignal): Promise<SipResponse> {
    return this.#agent.send({ method: 'MESSAGE', uri: this.#uri, headers: contentType, body }, signal)
  }

  async #keepAlive(): Promise<void> {
    if (!this.#registration.isRegistered) return
    const { code } = this.#options.settings
    const body = encodeGbXml('Notify', [
      ['CmdType', 'Keepalive'],
      ['SN', ++this.#sn],
      ['DeviceID', code],
      ['Status', 'OK'],
    ])
    const response = await this.#within(keepaliveMs, (signal) => this.#message(body, signal))
    if (this.#stopped.signal.aborted) return
    const isGood = response !== undefined && response.status >= 200 && response.status < 300
    const words = response ? `${response.status} ${response.reason}` : 'no answer to Keepalive'
    this.#noteTurn(isGood, words)
    const isUnknown = response !== undefined && [401, 403, 404].includes(response.status)
    if (isUnknown || this.#misses >= missesMax) this.#registration.lost(words)
  }

  async #within<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const late = new AbortController()
    const cancel = this.#options.clock.after(ms, () => late.abort())
    return run(AbortSignal.any([late.signal, this.#stopped.signal]))
      .catch(() => undefined)
      .finally(cancel)
  }

  #noteTurn(isGood: boolean, words: string): void {
    this.#misses = isGood ? 0 : this.#misses + 1
    if (isGood || this.#misses >= missesMax) this.#events.heard(isGood, words)
  }

  #answer(request: SipRequest): SipResponse | undefined {
    const reply = (status: number, reason: string, more: SipHeaders = []): SipResponse =>
      responseTo(request, status, reason, this.#options.random.hex(6), more)
    switch (request.method) {
      case 'ACK':
        return undefined
      case 'OPTIONS':
        return reply(200, 'OK', allow)
      case 'MESSAGE':
        return this.#takeMessage(request, reply)
      case 'SUBSCRIBE':
        return this.#subscribe(request, reply)
      case 'INVITE':
        // Pictures stay with their own rules of access.
        return reply(488, 'Not Acceptable Here')
      case 'BYE':
      case 'CANCEL':
      case 'NOTIFY':
        return reply(481, 'Call/Transaction Does Not Exist')
      default:
        return reply(405, 'Method Not Allowed', allow)
    }
  }

  #takeMessage(request: SipRequest, reply: (status: number, reason: string) => SipResponse): SipResponse {
    const asked = askedOf(parseGbXml(request.body))
    if (!asked) return reply(400, 'Bad Request')
    const result = alarmResult(asked)
    if (result) {
      const open = this.#open.get(result.sn)
      if (open && result.isGood) this.#confirm(result.sn, open.id, 'Response Alarm OK')
      return reply(200, 'OK')
    }
    if (this.#asked >= askedMax) return reply(503, 'Service Unavailable')
    if (isAlarmReset(asked))
      for (const [sn, { id, channel }] of this.#open)
        if (asked.device === channel || asked.device === this.#options.settings.code)
          this.#confirm(sn, id, 'ResetAlarm')
    const facts = { settings: this.#options.settings, nowMs: this.#options.clock.wallMs() }
    this.#sendLater(answersTo(asked, facts))
    return reply(200, 'OK')
  }

  #confirm(sn: string, id: string, words: string): void {
    this.#open.delete(sn)
    this.#events.confirmed(id, words)
  }

  /** After the 200; one behind the other, as the platform expects pages. */
  #sendLater(bodies: readonly Buffer[]): void {
    if (bodies.length === 0) return
    this.#asked++
    const run = async (): Promise<void> => {
      for (const body of bodies) {
        const response = await this.#within(keepaliveMs, (signal) => this.#message(body, signal))
        // The rest would not be read either: the platform asks again.
        if (!response) break
      }
    }
    this.#options.clock.after(0, () => void run().finally(() => this.#asked--))
  }

  /**
   * Granted, with the one NOTIFY that follows at once (RFC 6665 clause 4.2.1). What the catalogue holds changes with a restart only. Alarms go as
   * MESSAGE, subscribed or not: the platform has each once.
   */
  #subscribe(
    request: SipRequest,
    reply: (status: number, reason: string, more?: SipHeaders) => SipResponse,
  ): SipResponse {
    const asked: GbAsked | undefined = askedOf(parseGbXml(request.body))
    const wished = headerOf(request, 'expires') ?? '3600'
    const event = headerOf(request, 'event') ?? 'presence'
    if (!/^\d{1,9}$/.test(wished)) return reply(400, 'Bad Request')
    if (asked && !['Catalog', 'Alarm'].includes(asked.type)) return reply(489, 'Bad Event')
    if (this.#asked >= askedMax) return reply(503, 'Service Unavailable')
    const response = reply(200, 'OK', [['expires', wished]])
    this.#notifyLater(request, response, event, wished, asked)
    return response
  }

  #notifyLater(
    request: SipRequest,
    response: SipResponse,
    event: string,
    expires: string,
    asked: GbAsked | undefined,
  ): void {
    const isOver = Number.parseInt(expires, 10) === 0
    const state = isOver ? 'terminated;reason=timeout' : `active;expires=${expires}`
    const bodies =
      asked?.type === 'Catalog' && !isOver
        ? catalogue(asked, this.#options.settings, 'Notify')
        : [Buffer.alloc(0)]
    const fromTag = /;tag=([^;]+)/.exec(headerOf(response, 'to') ?? '')?.[1] ?? ''
    this.#asked++
    const run = async (): Promise<void> => {
      let cseq = 0
      for (const body of bodies)
        await this.#within(keepaliveMs, (signal) =>
          this.#agent.send(
            {
              method: 'NOTIFY',
              uri: this.#uri,
              to: headerOf(request, 'from') ?? '',
              callId: headerOf(request, 'call-id') ?? '',
              fromTag,
              cseq: ++cseq,
              headers: [
                ['event', event],
                ['subscription-state', state],
                ...(body.length > 0 ? contentType : []),
              ],
              body,
            },
            signal,
          ),
        )
    }
    this.#options.clock.after(0, () => void run().finally(() => this.#asked--))
  }
}

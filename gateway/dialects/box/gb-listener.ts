// The registrar for cameras and recorders by GB/T 28181, over UDP and TCP. A device is known by its listed code and the password (digest); its
// alarms get their 200 only when they are stored, and no answer when they can not be. A message of a listed device that is not registered gets 401:
// it registers again, or proves the password with the message itself.
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { gbDomainOf } from '../../../platform/gb28181/gb-codes.ts'
import { encodeGbXml, parseGbXml, textOf, type GbPart } from '../../../platform/gb28181/gb-xml.ts'
import { DigestServer } from '../../../platform/sip/sip-digest.ts'
import {
  localAddressTo,
  serveSipSocket,
  SipUdp,
  type SipLinksOptions,
} from '../../../platform/sip/sip-links.ts'
import {
  encodeSip,
  headerOf,
  parseAddress,
  responseTo,
  type SipHeaders,
  type SipRequest,
  type SipResponse,
} from '../../../platform/sip/sip-message.ts'
import { SipTransactions, type AnswerRequest, type SipLink } from '../../../platform/sip/sip-transactions.ts'
import { GuessLimit } from '../../../platform/strangers/guess-limit.ts'
import { StrangerGuard } from '../../../platform/strangers/stranger-guard.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { GbSettings } from '../../config/bus-settings.ts'
import { algorithmsFor, codeOf, uriAt } from '../gb28181/gb-sender.ts'
import { PacedLog } from '../../../platform/paced-log.ts'
import { callerLimits } from './caller-limits.ts'
import { ConnectionsByName } from './connections-by-name.ts'
import type { DialectIntake } from './dialect-intake.ts'
import { WaitingByName } from './waiting-by-name.ts'

/** Granted at most, so that after a restart of the box all have registered again within ten minutes. */
const expiresMsMax = 600_000
/** As long as a device wishes it is known: not each one reads what it was granted. */
const knownMsMax = 86_400_000
/** Without a message, a connection is closed. */
const idleMs = 2 * expiresMsMax
/** Alarms that wait for their commit; a further one gets no answer, and its device sends it again. */
const waitingLimits = { max: 128, perName: 8 }
/** Questions of ours that wait for an answer: a camera that sends without end takes none of another's. */
const askedLimits = { max: 1000, perName: 8 }
/** Connections of one camera or recorder. */
const connectionsPerCodeMax = 4
const registeredMax = 1000
const firstByteMs = 30_000
const signInMs = 60_000
const controlMs = 10_000
const contentType: SipHeaders = [['content-type', 'Application/MANSCDP+xml']]

export interface GbListenerOptions {
  id: string
  settings: GbSettings
  dialects: Pick<DialectIntake, 'take' | 'isListed'>
  clock: Clock
  /** A box that does not know the time sets no camera's clock. */
  isClockSynced: () => boolean
  random: Random
  logger: Logger
}

/** Where a device is reached. */
interface Reachable {
  link: SipLink
  uri: string
}

interface Registered extends Reachable {
  endsMs: number
  /** One for all registrations between two starts of the device. */
  callId: string | undefined
  /** It has answered SetGuard. */
  isGuarded: boolean
}

type Reply = (status: number, reason: string, more?: SipHeaders) => SipResponse

export class GbListener {
  readonly #options: GbListenerOptions
  readonly #transactions: SipTransactions
  readonly #links: SipLinksOptions
  readonly #udp: SipUdp
  readonly #server: Server
  readonly #guard: StrangerGuard
  readonly #digest: DigestServer
  readonly #guesses: GuessLimit
  readonly #sockets = new Map<SipLink, Socket>()
  readonly #registered = new Map<string, Registered>()
  readonly #stopped = new AbortController()
  readonly #waiting = new WaitingByName(waitingLimits)
  readonly #asked = new WaitingByName(askedLimits)
  /** Whose password was right. */
  readonly #ofCode = new ConnectionsByName(connectionsPerCodeMax)
  /** Any machine can cause these lines. */
  readonly #log: PacedLog
  #password = ''
  #sn = 0

  constructor(options: GbListenerOptions) {
    this.#options = options
    const { clock, random, settings, logger, id } = options
    this.#log = new PacedLog(clock)
    this.#guesses = new GuessLimit(clock)
    this.#digest = new DigestServer({ realm: gbDomainOf(settings.code), clock, random })
    this.#transactions = new SipTransactions({
      clock,
      encode: encodeSip,
      answer: (request, link) => this.#answer(request, link),
      onFailed: (error) =>
        logger.error({ err: error, bridge: id }, 'a request of a camera could not be answered'),
    })
    this.#links = {
      onMessage: (message, link) => this.#transactions.take(message, link),
      onNoise: (problem, address) =>
        logger.debug({ bridge: id, problem, address }, 'bytes that are no SIP were dropped'),
    }
    this.#udp = new SipUdp(this.#links)
    this.#server = createServer((socket) => this.#serve(socket))
    this.#guard = new StrangerGuard({
      limits: {
        ...callerLimits,
        firstByteMs,
        signInMs,
        admitted: settings.connections,
      },
      clock,
      onRefused: (reason, address) =>
        logger.debug({ reason, address }, 'a caller that did not register was closed'),
    })
    this.#guard.watch(this.#server)
  }

  async start(): Promise<number> {
    const { settings, logger, id } = this.#options
    const { host, port, passwordFile } = settings
    this.#password = readFileSync(passwordFile, 'utf8').trim()
    if (this.#password === '') throw new Error(`${passwordFile} is empty`)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const bound = (this.#server.address() as AddressInfo).port
    await this.#udp.start({ host, port: bound })
    logger.info({ host, port: bound, bridge: id }, 'listens for cameras by GB/T 28181')
    return bound
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#transactions.stop()
    this.#udp.stop()
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets.values()) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    const link = serveSipSocket(socket, this.#links)
    this.#sockets.set(link, socket)
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(link))
  }

  #answer(request: SipRequest, link: SipLink): ReturnType<AnswerRequest> {
    const tag = this.#options.random.hex(6)
    const reply: Reply = (status, reason, more = []) => responseTo(request, status, reason, tag, more)
    switch (request.method) {
      case 'ACK':
        return undefined
      case 'OPTIONS':
        return reply(200, 'OK', [['allow', 'REGISTER, MESSAGE, NOTIFY, OPTIONS']])
      case 'REGISTER':
        return this.#register(request, link, reply)
      case 'MESSAGE':
      case 'NOTIFY':
        return this.#takeMessage(request, link, reply)
      default:
        return reply(405, 'Method Not Allowed', [['allow', 'REGISTER, MESSAGE, NOTIFY, OPTIONS']])
    }
  }

  #register(request: SipRequest, link: SipLink, reply: Reply): SipResponse {
    const { dialects, clock, isClockSynced } = this.#options
    const code = codeOf(request)
    if (code === undefined || !dialects.isListed(code)) return reply(403, 'Forbidden')
    const refusal = this.#refusal(request, link, code, reply)
    if (refusal) return refusal
    const contact = parseAddress(headerOf(request, 'contact') ?? '')
    const wished = contact?.parameters.get('expires') ?? headerOf(request, 'expires')
    const wishedMs = /^\d{1,9}$/.test(wished ?? '') ? Number.parseInt(wished ?? '', 10) * 1000 : expiresMsMax
    if (wishedMs > 0) {
      const endsMs = clock.monotonicMs() + Math.min(wishedMs, knownMsMax)
      const callId = headerOf(request, 'call-id')
      this.#enter(code, { link, uri: contact?.uri ?? uriAt(code, link), endsMs, callId, isGuarded: false })
    } else this.#registered.delete(code)
    // Clause 9.10: a device sets its clock by this, in China's time.
    const date = new Date(clock.wallMs() + 8 * 3_600_000).toISOString().slice(0, 23)
    return reply(200, 'OK', [
      ...(isClockSynced() ? ([['date', date]] satisfies SipHeaders) : []),
      ['expires', String(Math.round(Math.min(wishedMs, expiresMsMax) / 1000))],
    ])
  }

  #enter(code: string, entry: Registered): void {
    const { clock } = this.#options
    const before = this.#registered.get(code)
    this.#registered.delete(code)
    this.#registered.set(code, entry)
    forgetOldest(this.#registered, registeredMax)
    const isSame =
      before !== undefined && before.endsMs >= clock.monotonicMs() && before.callId === entry.callId
    // After its own restart a camera may be off guard.
    if (isSame && before.isGuarded) entry.isGuarded = true
    else clock.after(0, () => void this.#setGuard(code))
    if (before && before.link !== entry.link) this.#close(before.link)
  }

  /** A device that comes again on another connection has lost the one before. */
  #close(link: SipLink): void {
    for (const other of this.#registered.values()) if (other.link === link) return
    this.#sockets.get(link)?.destroy()
  }

  /** Undefined when the request proves the password. */
  #refusal(request: SipRequest, link: SipLink, code: string, reply: Reply): SipResponse | undefined {
    const { logger, id } = this.#options
    const { host } = link.remote
    const proof = headerOf(request, 'authorization')
    if (proof !== undefined && !this.#guesses.allows(code, host))
      return reply(503, 'Service Unavailable', [['retry-after', '10']])
    const verdict = this.#digest.verdict(
      proof,
      request.method,
      { user: code, password: this.#password },
      host,
    )
    if (verdict === 'good') {
      const socket = this.#sockets.get(link)
      if (!socket) return undefined
      this.#ofCode.enter(code, socket)
      return this.#guard.admit(socket, code) ? undefined : reply(503, 'Service Unavailable')
    }
    if (verdict === 'wrong') {
      this.#guesses.note(code, host)
      this.#log.line((leftOut) =>
        logger.warn({ bridge: id, device: code, leftOut }, 'a camera sends another password'),
      )
    }
    return reply(
      401,
      'Unauthorized',
      this.#digest
        .challenges(verdict === 'stale', host, algorithmsFor(request))
        .map((value) => ['www-authenticate', value]),
    )
  }

  #takeMessage(request: SipRequest, link: SipLink, reply: Reply): ReturnType<AnswerRequest> {
    const { dialects, id, logger } = this.#options
    const code = codeOf(request)
    if (code === undefined || !dialects.isListed(code)) return reply(403, 'Forbidden')
    const known = this.#known(code, link)
    const refusal = known ? undefined : this.#refusal(request, link, code, reply)
    if (refusal) return refusal
    if (!this.#waiting.enter(code)) return undefined
    const payload = request.body
    return new Promise((resolve) => {
      dialects.take(
        id,
        { topic: `gb28181/${code}`, payload, isRetained: false, isUnmarked: true },
        {
          kept: (confirmation) => {
            this.#waiting.leave(code)
            if (confirmation !== undefined)
              this.#confirmLater(code, known ?? { link, uri: uriAt(code, link) }, payload)
            resolve(reply(200, 'OK'))
          },
          // Any answer would end it for the device; without one it sends it again.
          refused: (error) => {
            this.#waiting.leave(code)
            this.#log.line((leftOut) =>
              logger.warn(
                { bridge: id, reason: error.message, leftOut },
                'a message of a camera could not be stored',
              ),
            )
            resolve(undefined)
          },
        },
      )
    })
  }

  /** A datagram may come from any machine: its address must be that of the registration. */
  #known(code: string, link: SipLink): Registered | undefined {
    const known = this.#registered.get(code)
    if (!known || known.endsMs < this.#options.clock.monotonicMs()) return undefined
    return known.link === link || known.link.remote.host === link.remote.host ? known : undefined
  }

  /** Clause 9.4: the answer to an alarm, beside the 200. */
  #confirmLater(code: string, device: Reachable, payload: Uint8Array): void {
    const element = parseGbXml(payload)
    const body = encodeGbXml('Response', [
      ['CmdType', 'Alarm'],
      ['SN', textOf(element, 'SN') ?? '0'],
      ['DeviceID', textOf(element, 'DeviceID') ?? code],
      ['Result', 'OK'],
    ])
    this.#options.clock.after(0, () => void this.#send(code, device, body))
  }

  /** Many cameras send alarms only while they are on guard. Without an answer it is sent again with the next registration. */
  async #setGuard(code: string): Promise<void> {
    const device = this.#registered.get(code)
    if (!device) return
    const parts: GbPart[] = [
      ['CmdType', 'DeviceControl'],
      ['SN', ++this.#sn],
      ['DeviceID', code],
      ['GuardCmd', 'SetGuard'],
    ]
    if (await this.#send(code, device, encodeGbXml('Control', parts))) device.isGuarded = true
  }

  /** True when the device has answered. */
  async #send(code: string, device: Reachable, body: Buffer): Promise<boolean> {
    if (this.#stopped.signal.aborted || !this.#asked.enter(code)) return false
    try {
      return await this.#ask(code, device, body)
    } finally {
      this.#asked.leave(code)
    }
  }

  async #ask(code: string, { link, uri }: Reachable, body: Buffer): Promise<boolean> {
    const { settings, random, clock, logger, id } = this.#options
    const { port } = link.local
    // A socket that listens everywhere has no address of its own.
    const isEverywhere = ['0.0.0.0', '::'].includes(link.local.host)
    const host = isEverywhere
      ? await localAddressTo(link.remote).catch(() => link.local.host)
      : link.local.host
    const domain = gbDomainOf(settings.code)
    const request: SipRequest = {
      method: 'MESSAGE',
      uri,
      body,
      headers: [
        ['via', `SIP/2.0/${link.transport} ${host}:${port};rport;branch=z9hG4bK${random.hex(10)}`],
        ['max-forwards', '70'],
        ['from', `<sip:${settings.code}@${domain}>;tag=${random.hex(6)}`],
        ['to', `<sip:${code}@${domain}>`],
        ['call-id', random.hex(12)],
        ['cseq', '1 MESSAGE'],
        ['user-agent', 'gengfu'],
        ...contentType,
      ],
    }
    const late = new AbortController()
    const cancel = clock.after(controlMs, () => late.abort())
    try {
      await this.#transactions.request(request, link, AbortSignal.any([late.signal, this.#stopped.signal]))
      return true
    } catch (error) {
      this.#log.line((leftOut) =>
        logger.info(
          { bridge: id, device: code, reason: (error as Error).message, leftOut },
          'a camera gave no answer',
        ),
      )
      return false
    } finally {
      cancel()
    }
  }
}

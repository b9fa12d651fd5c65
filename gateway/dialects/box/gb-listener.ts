// The registrar for cameras and recorders by GB/T 28181, over UDP and TCP. A device is known by its listed code and the password (digest); its
// alarms get their 200 only when they are stored. A message of a device that is not registered gets 403, and is not stored.
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { gbDomainOf } from '../../../platform/gb28181/gb-codes.ts'
import { encodeGbXml, parseGbXml, textOf } from '../../../platform/gb28181/gb-xml.ts'
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
  parseSipUri,
  responseTo,
  type SipHeaders,
  type SipRequest,
  type SipResponse,
} from '../../../platform/sip/sip-message.ts'
import { SipTransactions, type SipLink } from '../../../platform/sip/sip-transactions.ts'
import { StrangerGuard } from '../../../platform/strangers/stranger-guard.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { GbSettings } from '../../config/bus-settings.ts'
import type { DialectIntake } from './dialect-intake.ts'

/** A device renews its registration at the latest after this. */
const expiresMsMax = 86_400_000
const expiresMsDefault = 3_600_000
/** Alarms that wait for their commit; a further one gets 503, and its device sends it again. */
const waitingMax = 64
const registeredMax = 1000
const strangersMax = 100
const firstByteMs = 30_000
const signInMs = 60_000
const controlMs = 10_000
const contentType: SipHeaders = [['content-type', 'Application/MANSCDP+xml']]

export interface GbListenerOptions {
  id: string
  settings: GbSettings
  dialects: Pick<DialectIntake, 'take' | 'isListed'>
  clock: Clock
  random: Random
  logger: Logger
}

interface Registered {
  link: SipLink
  uri: string
  endsMs: number
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
  readonly #sockets = new Map<SipLink, Socket>()
  readonly #registered = new Map<string, Registered>()
  readonly #stopped = new AbortController()
  #password = ''
  #waiting = 0
  #sn = 0

  constructor(options: GbListenerOptions) {
    this.#options = options
    const { clock, random, settings, logger, id } = options
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
        strangers: strangersMax,
        // Cameras behind one recorder share an address.
        strangersPerNetwork: strangersMax,
        newAtOnce: 1e6,
        newPerSecond: 1e6,
        newUnknownAtOnce: 1e6,
        newUnknownPerSecond: 1e6,
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
    socket.on('close', () => this.#sockets.delete(link))
  }

  #answer(request: SipRequest, link: SipLink): Promise<SipResponse> | SipResponse | undefined {
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
    const { dialects, clock, logger, id } = this.#options
    const code = codeOf(request)
    if (code === undefined || !dialects.isListed(code)) return reply(403, 'Forbidden')
    const proof = headerOf(request, 'authorization')
    const verdict = this.#digest.verdict(proof, 'REGISTER', { user: code, password: this.#password })
    if (verdict !== 'good') {
      if (verdict === 'wrong') logger.warn({ bridge: id, device: code }, 'a camera sends another password')
      return reply(
        401,
        'Unauthorized',
        this.#digest
          .challenges(verdict === 'stale', algorithmsFor(request))
          .map((value) => ['www-authenticate', value]),
      )
    }
    const socket = this.#sockets.get(link)
    if (socket && !this.#guard.admit(socket)) return reply(503, 'Service Unavailable')
    const contact = parseAddress(headerOf(request, 'contact') ?? '')
    const wished = contact?.parameters.get('expires') ?? headerOf(request, 'expires')
    const expiresMs = /^\d{1,9}$/.test(wished ?? '')
      ? Math.min(Number.parseInt(wished ?? '', 10) * 1000, expiresMsMax)
      : expiresMsDefault
    const isNew = !this.#registered.has(code)
    this.#registered.delete(code)
    if (expiresMs > 0) {
      const endsMs = clock.monotonicMs() + expiresMs
      this.#registered.set(code, { link, uri: contact?.uri ?? `sip:${code}@${link.remote.host}`, endsMs })
      for (const [oldest] of this.#registered) {
        if (this.#registered.size <= registeredMax) break
        this.#registered.delete(oldest)
      }
      if (isNew) clock.after(0, () => void this.#setGuard(code))
    }
    // Clause 9.10: a device sets its clock by this, in China's time.
    const date = new Date(clock.wallMs() + 8 * 3_600_000).toISOString().slice(0, 23)
    return reply(200, 'OK', [
      ['date', date],
      ['expires', String(Math.round(expiresMs / 1000))],
    ])
  }

  #takeMessage(request: SipRequest, link: SipLink, reply: Reply): Promise<SipResponse> | SipResponse {
    const { dialects, id, logger } = this.#options
    const code = codeOf(request)
    const known = code === undefined ? undefined : this.#known(code, link)
    if (code === undefined || !known) return reply(403, 'Forbidden')
    if (this.#waiting >= waitingMax) return reply(503, 'Service Unavailable')
    this.#waiting++
    const payload = request.body
    return new Promise((resolve) => {
      dialects.take(
        id,
        { topic: `gb28181/${code}`, payload, isRetained: false },
        {
          kept: (said) => {
            this.#waiting--
            if (said !== undefined) this.#confirmLater(code, payload)
            resolve(reply(200, 'OK'))
          },
          // Without a good answer the device sends it again.
          refused: (error) => {
            this.#waiting--
            logger.warn({ bridge: id, reason: error.message }, 'a message of a camera could not be kept')
            resolve(reply(500, 'Server Internal Error'))
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
  #confirmLater(code: string, payload: Uint8Array): void {
    const element = parseGbXml(payload)
    const body = encodeGbXml('Response', [
      ['CmdType', 'Alarm'],
      ['SN', textOf(element, 'SN') ?? '0'],
      ['DeviceID', textOf(element, 'DeviceID') ?? code],
      ['Result', 'OK'],
    ])
    this.#options.clock.after(0, () => void this.#send(code, body))
  }

  /** Many cameras send alarms only while they are on guard. */
  #setGuard(code: string): Promise<void> {
    return this.#send(
      code,
      encodeGbXml('Control', [
        ['CmdType', 'DeviceControl'],
        ['SN', ++this.#sn],
        ['DeviceID', code],
        ['GuardCmd', 'SetGuard'],
      ]),
    )
  }

  async #send(code: string, body: Buffer): Promise<void> {
    const known = this.#registered.get(code)
    if (!known || this.#stopped.signal.aborted) return
    const { settings, random, clock, logger, id } = this.#options
    const { link, uri } = known
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
    } catch (error) {
      logger.info({ bridge: id, device: code, reason: (error as Error).message }, 'a camera gave no answer')
    } finally {
      cancel()
    }
  }
}

/** Devices of the 2016 edition know MD5 only, and may fail on what they do not know. */
const algorithmsFor = (request: SipRequest): string[] =>
  headerOf(request, 'x-gb-ver')?.startsWith('3') === true ? ['SHA-256', 'MD5'] : ['MD5']

/** The sender: From, twenty digits. */
function codeOf(request: SipRequest): string | undefined {
  const user = parseSipUri(parseAddress(headerOf(request, 'from') ?? '')?.uri ?? '')?.user
  return user !== undefined && /^\d{20}$/.test(user) ? user : undefined
}

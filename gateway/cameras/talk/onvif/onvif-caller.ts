// Sends requests to the ONVIF services of one camera: the address of each, the time for the token, the meaning of a
// refusal.
import type { Clock } from '../../../../protocols/kit/clock.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import { askCamera, type CameraAddress, type CertificatePin } from '../http/camera-http.ts'
import { CameraProblem, toProblem } from '../camera-problem.ts'
import type { CameraAuth } from '../http/http-auth.ts'
import { isSameHost } from '../same-host.ts'
import { clockCandidates, type ClockCandidate, type ClockSource } from './clock-candidates.ts'
import {
  defaultPaths,
  getCapabilities,
  getClock,
  getServices,
  readServices,
  readTime,
  shownText,
  type CameraTime,
  type OnvifRequest,
  type Service,
} from './onvif-requests.ts'
import { encodeSoap, parseSoap, soapText, type SoapFault, type SoapRequest } from './soap-envelope.ts'
import type { XmlElement } from './soap-xml.ts'

/** Largest SOAP answer: GetProfiles of a many-channel recorder is about 200 KB. */
const soapBytesMax = 1024 * 1024
const foreignHostsMax = 8
/** A clock that differs this much is named when a sign-in fails. */
const clockOffMs = 5000

export interface OnvifOptions {
  address: CameraAddress
  /** Path of the device service; nearly all cameras use the default. */
  path: string
  auth: CameraAuth
  pin: CertificatePin
  clock: Clock
  random: Random
}

/** An address and path on the camera itself. */
export interface OwnPlace {
  address: CameraAddress
  path: string
}

/** The camera refused, with its own text; `fault` for code that can interpret it. */
export class OnvifFault extends CameraProblem {
  readonly fault: SoapFault

  constructor(fault: SoapFault, words: string) {
    super('onvif-fault', { detail: words })
    this.fault = fault
  }
}

export class OnvifCaller {
  readonly #options: OnvifOptions
  readonly #foreign = new Set<string>()
  #services: Partial<Record<Service, string>> = {}
  #signal: AbortSignal = AbortSignal.abort()
  #endsAtMs = 0
  #time: CameraTime | undefined
  /** Times to sign with; once one worked, only that one. */
  #candidates: ClockCandidate[] | undefined
  #worked: ClockSource | undefined
  #isSignedIn = false

  constructor(options: OnvifOptions) {
    this.#options = options
  }

  /** Hosts that the camera named instead of itself: NAT, a wrong configuration or an attack. */
  get foreignHosts(): string[] {
    return [...this.#foreign]
  }

  /** True once the camera accepted our sign-in for a request that needs one, as far as can be seen. */
  get isSignedIn(): boolean {
    return this.#isSignedIn
  }

  /** All requests from here on share one deadline. */
  begin(signal: AbortSignal, deadlineMs: number): void {
    this.#signal = signal
    this.#endsAtMs = this.#options.clock.monotonicMs() + deadlineMs
  }

  /**
   * The camera's clock minus the box's; undefined when the camera does not report it. Rejects when the answer contains
   * no time.
   */
  async readClock(): Promise<number | undefined> {
    this.#time = undefined
    this.#candidates = undefined
    this.#time = readTime(await this.ask(getClock, { isOpen: true }))
    this.#candidates = undefined
    const { utcMs } = this.#time
    return utcMs === undefined ? undefined : utcMs - this.#options.clock.wallMs()
  }

  async readServices(): Promise<void> {
    this.#services = {}
    this.#foreign.clear()
    const answer = await orRefused(this.ask(getServices))
    this.#services = answer instanceof CameraProblem ? {} : readServices(answer)
    // GetServices came with ONVIF 2: older cameras support GetCapabilities only, and some give a part of the answer in
    // each.
    if (this.#services.media !== undefined || this.#services.media2 !== undefined) return
    const older = await orRefused(this.ask(getCapabilities))
    if (!(older instanceof CameraProblem)) this.#services = { ...readServices(older), ...this.#services }
    else if (answer instanceof CameraProblem) throw older
  }

  has(service: Service): boolean {
    return this.#services[service] !== undefined
  }

  /**
   * The element of the answer. Rejects with a CameraProblem; `OnvifFault` if the camera refuses. `isOpen`: first
   * without a token, as the standard requires for a camera's time. `at`: a subscription instead of a service.
   */
  async ask(
    { service, action, body }: OnvifRequest,
    { isOpen = false, at }: { isOpen?: boolean; at?: OwnPlace & { to: SoapRequest['to'] } } = {},
  ): Promise<XmlElement> {
    const place = at ?? this.#placeOf(service)
    const request = { action, body, to: at?.to }
    const { auth, clock } = this.#options
    let refusal: SoapFault | undefined
    if (isOpen || !auth.hasCredentials) {
      const answer = await this.#send(place, request, undefined)
      if ('body' in answer) return this.#content(answer.body)
      refusal = answer.fault
    }
    if (!auth.hasCredentials) throw this.#problemOf(refusal)
    const candidates = (this.#candidates ??= clockCandidates(this.#time, clock.wallMs(), this.#worked))
    for (const candidate of candidates) {
      if (refusal && !refusal.isSignIn) break
      const answer = await this.#send(place, request, clock.wallMs() + candidate.offsetMs)
      if ('body' in answer || !answer.fault.isSignIn) {
        // The others have been refused, or are not needed: each is tried once.
        this.#candidates = [candidate]
        this.#worked = candidate.source
        this.#isSignedIn = true
      }
      if ('body' in answer) return this.#content(answer.body)
      refusal = answer.fault
    }
    throw this.#problemOf(refusal)
  }

  #content(body: XmlElement): XmlElement {
    const [content] = body.children
    if (!content) throw new CameraProblem('not-onvif')
    return content
  }

  async #send(
    { address, path }: OwnPlace,
    request: SoapRequest,
    createdMs: number | undefined,
  ): Promise<{ body: XmlElement } | { fault: SoapFault }> {
    const { auth, pin, clock, random } = this.#options
    const { user, password } = auth
    const answer = await askCamera({
      address,
      method: 'POST',
      path,
      headers: {
        'Content-Type': `application/soap+xml; charset=utf-8; action="${request.action}"`,
        SOAPAction: `"${request.action}"`,
      },
      body: encodeSoap(request, createdMs === undefined ? undefined : { user, password, createdMs, random }),
      auth,
      pin,
      clock,
      deadlineMs: Math.max(1, this.#endsAtMs - clock.monotonicMs()),
      bodyBytesMax: soapBytesMax,
      isSigned: true,
      isEnough: ({ body }) => /<\/(?:[\w.-]+:)?Envelope>\s*$/.test(body.subarray(-200).toString('latin1')),
      signal: this.#signal,
    }).catch((error: unknown) => {
      throw toProblem(error, 'not-onvif')
    })
    const read = parseSoap(soapText(answer.body))
    const isRefused = answer.status === 401
    if (read && 'fault' in read)
      return { fault: { ...read.fault, isSignIn: read.fault.isSignIn || isRefused } }
    if (isRefused) return { fault: { words: 'HTTP 401', isSignIn: true, isTime: false, detail: undefined } }
    if (!read) throw new CameraProblem('not-onvif', { detail: `HTTP ${answer.status}` })
    return read
  }

  #problemOf(fault: SoapFault | undefined): CameraProblem {
    if (!fault) return new CameraProblem('not-onvif')
    if (!fault.isSignIn) return new OnvifFault(fault, this.#shown(fault.words))
    if (!this.#options.auth.hasCredentials) return new CameraProblem('no-password')
    const { clock } = this.#options
    const offMs = this.#time?.utcMs === undefined ? undefined : this.#time.utcMs - clock.wallMs()
    if (offMs !== undefined && Math.abs(offMs) <= clockOffMs && !fault.isTime)
      return new CameraProblem('wrong-password')
    const detail =
      offMs === undefined ? '' : `${offMs < 0 ? '-' : '+'}${Math.round(Math.abs(offMs) / 1000)} s`
    return new CameraProblem('wrong-clock', { detail })
  }

  /** A camera's own text for a person: short, without control characters, and never a copy of the sign-in. */
  #shown(words: string): string {
    const { user, password } = this.#options.auth
    const isEcho = [user, password].some((secret) => secret !== '' && words.includes(secret))
    return isEcho ? '' : shownText(words.slice(0, 120))
  }

  #placeOf(service: Service): OwnPlace {
    const { address, path } = this.#options
    if (service === 'device') return { address, path }
    const named = this.#services[service]
    const own = named === undefined ? undefined : this.ownPlace(named)
    const isOdd = !own || own.path === '/'
    return { address: own?.address ?? address, path: isOdd ? defaultPaths[service] : own.path }
  }

  /** The address of a service or subscription on the camera itself; undefined for an invalid one. */
  ownPlace(uri: string): OwnPlace | undefined {
    const url = this.#urlOf(uri)
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
    return { address: this.#ownAddress(url), path: url.pathname + url.search }
  }

  /** The address of pictures: on the camera itself, with TLS if the camera requires it for itself. */
  ownPage(uri: string): OwnPlace | undefined {
    const url = this.#urlOf(uri)
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
    const own = this.#ownAddress(url, true)
    return { address: own, path: url.pathname + url.search }
  }

  ownStream(uri: string): { port: number; path: string } | undefined {
    const rest = /^rtsp:\/\/(?:[^/]*@)?(\[[^\]]*\]|[^:/?]*)(?::(\d+))?(\/.*|\?.*)?$/i.exec(uri)
    if (!rest) return undefined
    const host = rest[1] ?? ''
    if (host !== '' && !isSameHost(host, this.#options.address.host)) this.#note(host)
    const port = Number(rest[2] ?? 554)
    return { port: port > 0 && port < 65536 ? port : 554, path: rest[3] ?? '/' }
  }

  /**
   * Relative addresses are relative to the device service; a name or password inside is removed, whatever characters it
   * contains.
   */
  #urlOf(uri: string): URL | undefined {
    const { address } = this.#options
    const host = address.host.includes(':') ? `[${address.host}]` : address.host
    const own = `${address.isTls ? 'https' : 'http'}://${host}:${address.port}/`
    const bare = uri.replace(/^(https?:\/\/)[^?#]*@(?=[^@/?#]+(?::\d+)?\/)/i, '$1')
    // `10.0.0.5:8080/snap.jpg`: some firmware writes it this way.
    const whole = /^(?:[\w-]+\.)+[\w-]+:\d+\//.test(bare) ? `http://${bare}` : bare
    return URL.canParse(whole, own) ? new URL(whole, own) : undefined
  }

  /**
   * The port is used if the camera named itself. Behind a NAT it names an inner address with an inner port: the
   * configured port leads to its device service, and only a different one is taken as written. Services keep the
   * configured scheme: a camera that names `https` also answers there in plain, because it has just done so.
   */
  #ownAddress(url: URL, hasOwnScheme = false): CameraAddress {
    const { address } = this.#options
    const isItself = isSameHost(url.hostname, address.host)
    if (!isItself) this.#note(url.hostname)
    const isTls = url.protocol === 'https:'
    if (isTls !== address.isTls && !(hasOwnScheme && isItself)) {
      const inner = this.#innerUrl()
      const isOther =
        !isItself && hasOwnScheme && inner?.hostname === url.hostname && inner.protocol === url.protocol
      if (!isOther) return address
    }
    const inner = this.#innerUrl()
    const isSameInner =
      inner !== undefined && url.hostname === inner.hostname && url.protocol === inner.protocol
    const isOther = isSameInner && portOf(url) !== portOf(inner)
    const port = portOf(url)
    return (isItself || isOther) && port > 0 ? { ...address, port, isTls } : address
  }

  #innerUrl(): URL | undefined {
    const device = this.#services.device ?? ''
    return URL.canParse(device) ? new URL(device) : undefined
  }

  #note(host: string): void {
    if (this.#foreign.size < foreignHostsMax)
      this.#foreign.add(shownText(host.replace(/^\[|\]$/g, '').slice(0, 253)))
  }
}

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

/** The camera answered, in any form, that it does not support this. */
export const isRefused = ({ code }: CameraProblem): boolean => code === 'onvif-fault' || code === 'not-onvif'

/** A camera's answer, or that it does not support the request; every other error rejects. */
export async function orRefused<T>(asked: Promise<T>): Promise<T | CameraProblem> {
  try {
    return await asked
  } catch (error) {
    const problem = toProblem(error, 'not-onvif')
    if (isRefused(problem)) return problem
    throw problem
  }
}

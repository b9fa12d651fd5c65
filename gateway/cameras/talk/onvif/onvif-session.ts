// One camera's ONVIF services: the `onvif` package words the requests and reads the answers, our own transport carries them.
import { isObject } from '../../../../protocols/kit/parse-json.ts'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import { askCamera, type CameraAddress, type CertificatePin } from '../http/camera-http.ts'
import { CameraProblem, toProblem } from '../camera-problem.ts'
import type { CameraAuth } from '../http/http-auth.ts'
import {
  createPackageCamera,
  faultPrefix,
  parseSoap,
  type PackageCamera,
  type ServiceUrl,
  type SoapCallback,
  type SoapRequest,
} from './onvif-package.ts'

/** Largest SOAP answer: GetProfiles of a many-channel recorder is about 200 KB. */
const soapBytesMax = 1024 * 1024

export interface OnvifSessionOptions {
  address: CameraAddress
  /** Where the device service is; nearly all cameras use the default. */
  path: string
  auth: CameraAuth
  pin: CertificatePin
  clock: Clock
}

/** What a probe found out. Paths are on the camera's own host, whatever host it named. */
export interface CameraFacts {
  maker: string
  model: string
  firmware: string
  serial: string
  /** Undefined when the camera does not tell its time. */
  clockSkewMs: number | undefined
  profiles: { token: string; name: string; width: number; height: number; encoding: string }[]
  /** Address and path of the snapshot, undefined when the camera has none. */
  snapshot: { address: CameraAddress; path: string } | undefined
  stream: { port: number; path: string } | undefined
  hasEvents: boolean
  /** Hosts that the camera named instead of itself: NAT, a wrong set-up or worse. */
  foreignHosts: string[]
}

const defaultPaths: Record<string, string> = {
  media: '/onvif/media_service',
  media2: '/onvif/media2_service',
  events: '/onvif/event_service',
}

export class OnvifSession {
  readonly #options: OnvifSessionOptions
  readonly #cam: PackageCamera
  readonly #foreign = new Set<string>()
  #signal: AbortSignal = AbortSignal.abort()
  #endsAtMs = 0

  constructor(options: OnvifSessionOptions) {
    this.#options = options
    const { address, path, auth } = options
    this.#cam = createPackageCamera({
      host: address.host,
      port: address.port,
      path,
      user: auth.user,
      password: auth.password,
      carry: (request, callback) => {
        void this.#carry(request, callback)
      },
    })
  }

  /**
   * The lightest proof of life: the camera's clock, which needs no credentials, and who it is, which mostly does. Its skew
   * in ms is undefined when it does not tell its time, `isKnown` false when it does not tell who it is; rejects when it
   * tells neither.
   */
  async check(
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<{ clockSkewMs: number | undefined; isKnown: boolean }> {
    this.#begin(signal, deadlineMs)
    const clockSkewMs = await orRefused(this.#readClock())
    const device = await orRefused(this.#readDevice())
    const isKnown = !(device instanceof CameraProblem)
    if (!(clockSkewMs instanceof CameraProblem)) return { clockSkewMs, isKnown }
    if (!isKnown) throw clockSkewMs
    return { clockSkewMs: undefined, isKnown }
  }

  /** Everything that is needed to take pictures, inside one deadline. */
  async probe(signal: AbortSignal, deadlineMs: number): Promise<CameraFacts> {
    this.#begin(signal, deadlineMs)
    this.#foreign.clear()
    // Signed requests carry the camera's own time, and it may have rebooted to 1970 since the last probe.
    const clockSkewMs = await orRefused(this.#readClock())
    await this.#readServices()
    const told = await orRefused(this.#readDevice())
    const device = told instanceof CameraProblem ? {} : told
    const profiles = await this.#readProfiles()
    const first = profiles.find((profile) => profile.encoding !== '') ?? profiles[0]
    const snapshotUri = first ? await this.#uri('getSnapshotUri', first.token) : undefined
    const streamUri = first ? await this.#uri('getStreamUri', first.token) : undefined
    return {
      maker: textOf(device['manufacturer']),
      model: textOf(device['model']),
      firmware: textOf(device['firmwareVersion']),
      serial: textOf(device['serialNumber']),
      clockSkewMs: clockSkewMs instanceof CameraProblem ? undefined : clockSkewMs,
      profiles,
      snapshot: snapshotUri === undefined ? undefined : this.#ownHttp(snapshotUri),
      stream: streamUri === undefined ? undefined : this.#ownStream(streamUri),
      hasEvents: this.#serviceUrl('events') !== undefined,
      foreignHosts: [...this.#foreign],
    }
  }

  /** Opens a pull point; every message then comes through `pull`. */
  async subscribe(signal: AbortSignal, deadlineMs: number): Promise<void> {
    this.#begin(signal, deadlineMs)
    await orRefused(this.#readClock())
    await this.#readServices()
    await this.#call((done) => this.#cam.createPullPointSubscription(done))
  }

  /** Waits up to the camera's minute for events; resolves with the raw messages, perhaps none. */
  async pull(signal: AbortSignal, deadlineMs: number): Promise<unknown[]> {
    this.#begin(signal, deadlineMs)
    const answer = await this.#call<{ notificationMessage?: unknown } | undefined>((done) =>
      this.#cam.pullMessages({ messageLimit: 20 }, done),
    )
    const messages = answer?.notificationMessage
    return messages === undefined ? [] : Array.isArray(messages) ? messages : [messages]
  }

  /**
   * Some makers let a subscription run out in spite of pulling unless it is renewed. False when the camera knows no
   * renewing: its subscription lives on by being pulled.
   */
  async renew(signal: AbortSignal, deadlineMs: number): Promise<boolean> {
    this.#begin(signal, deadlineMs)
    try {
      await this.#call((done) => this.#cam.renew({}, done))
      return true
    } catch (error) {
      if (isRefused(toProblem(error, 'not-onvif'))) return false
      throw error
    }
  }

  async unsubscribe(signal: AbortSignal, deadlineMs: number): Promise<void> {
    this.#begin(signal, deadlineMs)
    await this.#call((done) => this.#cam.unsubscribe(done))
  }

  #begin(signal: AbortSignal, deadlineMs: number): void {
    this.#signal = signal
    this.#endsAtMs = this.#options.clock.monotonicMs() + deadlineMs
  }

  async #readClock(): Promise<number> {
    this.#cam.timeShift = undefined
    const time = await this.#call<unknown>((done) => this.#cam.getSystemDateAndTime(done))
    if (!(time instanceof Date) || Number.isNaN(time.getTime())) throw new CameraProblem('not-onvif')
    return time.getTime() - this.#options.clock.wallMs()
  }

  async #readDevice(): Promise<Record<string, unknown>> {
    const device = await this.#call<unknown>((done) => this.#cam.getDeviceInformation(done))
    if (!isObject(device)) throw new CameraProblem('not-onvif', { detail: 'GetDeviceInformation' })
    return device
  }

  async #readServices(): Promise<void> {
    try {
      await this.#call((done) => this.#cam.getServices(true, done))
    } catch (error) {
      const problem = toProblem(error, 'not-onvif')
      if (!isRefused(problem)) throw problem
      // GetServices came with ONVIF 2: older cameras know GetCapabilities only.
      await this.#call((done) => this.#cam.getCapabilities(done))
    }
  }

  async #readProfiles(): Promise<CameraFacts['profiles']> {
    try {
      return profilesOf(await this.#call<unknown>((done) => this.#cam.getProfiles(done)))
    } catch (error) {
      if (this.#cam.media2Support !== true || toProblem(error, 'not-onvif').code === 'slow') throw error
      // Some cameras announce Media2 and fail in it; Media1 of the same camera works.
      this.#cam.media2Support = false
      return profilesOf(await this.#call<unknown>((done) => this.#cam.getProfiles(done)))
    }
  }

  async #uri(name: 'getSnapshotUri' | 'getStreamUri', profileToken: string): Promise<string | undefined> {
    try {
      const found = await this.#call<{ uri?: unknown } | undefined>((done) =>
        name === 'getSnapshotUri'
          ? this.#cam.getSnapshotUri({ profileToken }, done)
          : this.#cam.getStreamUri({ protocol: 'RTSP', profileToken }, done),
      )
      const uri = textOf(found?.uri).trim()
      return uri === '' ? undefined : uri
    } catch (error) {
      const problem = toProblem(error, 'not-onvif')
      // A camera without one of the two says so with a fault; the other may still work.
      if (isRefused(problem)) return undefined
      throw problem
    }
  }

  #call<T>(start: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        start((error, value) => (error ? reject(toProblem(error, 'onvif-fault')) : resolve(value as T)))
      } catch (error) {
        reject(toProblem(error, 'not-onvif'))
      }
    })
  }

  async #carry(request: SoapRequest, callback: SoapCallback): Promise<void> {
    try {
      const service = request.url ?? (request.service ? this.#serviceUrl(request.service) : undefined)
      const fallback = request.service
        ? (defaultPaths[request.service] ?? this.#options.path)
        : this.#options.path
      const answer = await askCamera({
        address: service ? this.#ownAddress(service) : this.#options.address,
        method: 'POST',
        path: service?.path || fallback,
        headers: { 'content-type': `application/soap+xml; charset=utf-8; action="${request.action ?? ''}"` },
        body: request.body,
        auth: this.#options.auth,
        pin: this.#options.pin,
        clock: this.#options.clock,
        deadlineMs: Math.max(1, this.#endsAtMs - this.#options.clock.monotonicMs()),
        bodyBytesMax: soapBytesMax,
        signal: this.#signal,
      })
      this.#read(answer.body, answer.status, callback)
    } catch (error) {
      callback(toProblem(error, 'not-onvif'))
    }
  }

  #read(body: Buffer, status: number, callback: SoapCallback): void {
    const xml = soapText(body)
    parseSoap(xml, status, (error, data) => {
      callback(error ? this.#fault(error, xml, status) : undefined, data, xml, status)
    })
  }

  #fault(error: unknown, xml: string, status: number): CameraProblem {
    if (/NotAuthorized|unauthorized|not authorized|FailedAuthentication/i.test(xml)) {
      return new CameraProblem(this.#options.auth.hasCredentials ? 'wrong-password' : 'no-password')
    }
    const message = error instanceof Error ? error.message : String(error)
    if (!message.startsWith(faultPrefix)) return new CameraProblem('not-onvif', { detail: `HTTP ${status}` })
    return new CameraProblem('onvif-fault', { detail: this.#shown(message.slice(faultPrefix.length)) })
  }

  /** A camera's own words for a person: short, without control characters, and never an echo of the sign-in. */
  #shown(words: string): string {
    const { user, password } = this.#options.auth
    const isEcho = [user, password].some((secret) => secret !== '' && words.includes(secret))
    return isEcho
      ? ''
      : words
          .slice(0, 120)
          .replace(/\p{C}+/gu, ' ')
          .trim()
  }

  #serviceUrl(service: string): ServiceUrl | undefined {
    return this.#cam.uri?.[service]
  }

  /**
   * The port counts when the camera named itself. Behind a NAT it names an inner address with an inner port: ours leads to
   * that of its device service, and only another one than that is meant as it stands.
   */
  #ownAddress({ hostname, port, protocol }: ServiceUrl): CameraAddress {
    const { address } = this.#options
    const named = (hostname ?? '').replace(/^\[|\]$/g, '')
    const isItself = named === address.host
    if (named !== '' && !isItself && this.#foreign.size < foreignHostsMax)
      this.#foreign.add(named.slice(0, 253))
    const inner = this.#serviceUrl('device')
    const isSameInner = named !== '' && named === inner?.hostname && protocol === inner.protocol
    const isOther = isSameInner && Number(port) !== Number(inner.port ?? defaultPort(inner.protocol))
    const number = Number(port)
    return (isItself || isOther) && number > 0 && number < 65536 ? { ...address, port: number } : address
  }

  #ownHttp(uri: string): CameraFacts['snapshot'] {
    if (!URL.canParse(uri, 'http://camera')) return undefined
    const url = new URL(uri, 'http://camera')
    // Seen in the field: a "snapshot" address that is rtsp://.
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
    const isTls = url.protocol === 'https:'
    const isRelative = url.hostname === 'camera'
    const port = url.port === '' && !isRelative ? defaultPort(url.protocol) : url.port
    const hostname = isRelative ? '' : url.hostname
    const own = this.#ownAddress({ hostname, port: String(port), protocol: url.protocol })
    const isOwn = own !== this.#options.address
    return { address: isOwn ? { ...own, isTls } : own, path: url.pathname + url.search }
  }

  #ownStream(uri: string): CameraFacts['stream'] {
    const rest = /^rtsp:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?]*)(?::(\d+))?(\/.*|\?.*)?$/i.exec(uri)
    if (!rest) return undefined
    this.#ownAddress({ hostname: rest[1] ?? '' })
    return { port: Number(rest[2] ?? 554), path: rest[3] ?? '/' }
  }
}

const defaultPort = (protocol: string | null | undefined): number => (protocol === 'https:' ? 443 : 80)

/** The camera answered that it does not do this, in whatever words. */
const isRefused = ({ code }: CameraProblem): boolean => code === 'onvif-fault' || code === 'not-onvif'

/** What a camera answers, or that it does not do this; everything else rejects. */
async function orRefused<T>(asked: Promise<T>): Promise<T | CameraProblem> {
  try {
    return await asked
  } catch (error) {
    const problem = toProblem(error, 'not-onvif')
    if (isRefused(problem)) return problem
    throw problem
  }
}

/** UTF-16 is announced by cameras more often than sent: the bytes decide. */
function soapText(body: Buffer): string {
  if (body[0] === 0xff && body[1] === 0xfe) return body.subarray(2).toString('utf16le')
  if (body[0] === 0x3c && body[1] === 0) return body.toString('utf16le')
  const text = body.toString('utf8')
  // Junk before the first tag (a BOM, blank lines, a stray header) is not XML but is common.
  return text.slice(Math.max(0, text.indexOf('<')))
}

/** Names and addresses of a camera are kept, shown and sent on: none is longer than this. */
const textCharsMax = 1000
const foreignHostsMax = 8

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, textCharsMax) : typeof value === 'number' ? String(value) : ''

function profilesOf(answer: unknown): CameraFacts['profiles'] {
  const list: unknown[] = Array.isArray(answer) ? answer : []
  return list.slice(0, 64).flatMap((raw) => {
    if (!isObject(raw)) return []
    const profile = raw as Record<string, Record<string, unknown> | undefined>
    const token = textOf(profile['$']?.['token'])
    const encoder = profile['videoEncoderConfiguration']
    const size = encoder?.['resolution'] as Record<string, unknown> | undefined
    if (token === '') return []
    return [
      {
        token,
        name: textOf(profile['name']),
        width: Number(size?.['width'] ?? 0),
        height: Number(size?.['height'] ?? 0),
        encoding: textOf(encoder?.['encoding']),
      },
    ]
  })
}

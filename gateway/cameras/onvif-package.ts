// The few parts of the `onvif` package (0.8.3, pinned) that we use, typed, with its transport replaced by ours.
import { createRequire } from 'node:module'
import onvif from 'onvif'

export interface ServiceUrl {
  hostname?: string | null
  port?: string | null
  path?: string | null
}

export interface SoapRequest {
  action?: string
  /** The service it is for; without one the device service. */
  service?: string
  body: string
  /** Where a subscription lives, instead of a service. */
  url?: ServiceUrl
}

export type SoapCallback = (error: unknown, data?: unknown, xml?: string, status?: number) => void
type Done<T> = (error: unknown, value?: T) => void

/** `timeShift` and `_requestPart2` are private to the package: they exist in the pinned version, a test holds them. */
export interface PackageCamera {
  timeShift: number | undefined
  media2Support: boolean | undefined
  uri: Record<string, ServiceUrl | undefined> | undefined
  _requestPart2(request: SoapRequest, callback: SoapCallback): void
  getSystemDateAndTime(done: Done<unknown>): void
  getServices(includeCapability: boolean, done: Done<unknown>): void
  getCapabilities(done: Done<unknown>): void
  getDeviceInformation(done: Done<Record<string, unknown>>): void
  getProfiles(done: Done<unknown>): void
  getSnapshotUri(options: { profileToken: string }, done: Done<{ uri?: unknown }>): void
  getStreamUri(options: { protocol: string; profileToken: string }, done: Done<{ uri?: unknown }>): void
  createPullPointSubscription(done: Done<unknown>): void
  pullMessages(options: { messageLimit: number }, done: Done<{ notificationMessage?: unknown }>): void
  renew(options: object, done: Done<unknown>): void
  unsubscribe(done: Done<unknown>): void
}

const xmlText = (text: string): string => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** A camera object that asks `carry` for every request instead of opening connections of its own. */
export function createPackageCamera(options: {
  host: string
  port: number
  path: string
  user: string
  password: string
  carry: (request: SoapRequest, callback: SoapCallback) => void
}): PackageCamera {
  const camera = new onvif.Cam({
    hostname: options.host,
    port: options.port,
    path: options.path,
    // The package writes the name into XML as it is, and hashes the password as single bytes.
    username: xmlText(options.user),
    password: Buffer.from(options.password, 'utf8').toString('latin1'),
    autoconnect: false,
  }) as unknown as PackageCamera
  camera._requestPart2 = options.carry
  return camera
}

const utils = createRequire(import.meta.url)('onvif/lib/utils.js') as {
  parseSOAPString: (xml: string, callback: SoapCallback, status: number) => void
}

/** XML to the package's objects; calls back with an error for faults and for what is no SOAP. */
export function parseSoap(xml: string, status: number, callback: SoapCallback): void {
  utils.parseSOAPString(withPlainTimes(xml), callback, status)
}

/** The package reads times that end in Z only and fails on all others; cameras write offsets and fractions as they like. */
function withPlainTimes(xml: string): string {
  return xml.replace(
    /(<(?:\w+:)?(?:CurrentTime|TerminationTime)(?:\s[^>]*)?>)\s*([^<]*?)\s*</g,
    (whole, tag: string, text: string) => {
      const ms = Date.parse(text)
      return Number.isNaN(ms) ? whole : `${tag}${new Date(ms).toISOString()}<`
    },
  )
}

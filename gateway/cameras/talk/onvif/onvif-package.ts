// The few parts of the `onvif` package (0.8.3, pinned) that we use, typed, with its transport and its XML reader replaced by ours.
import onvif from 'onvif'
import { parseSoapXml, type XmlNode, type XmlValue } from './soap-xml.ts'

export interface ServiceUrl {
  /** With its colon. */
  protocol?: string | null
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

/** XML to the package's objects; calls back with an error for faults and for what is no SOAP. */
export function parseSoap(xml: string, status: number, callback: SoapCallback): void {
  const body = bodyOf(parseSoapXml(xml))
  if (!body) return callback(new Error('not SOAP'), undefined, xml, status)
  const reason = faultReason(body[0])
  callback(
    reason === undefined ? undefined : new Error(`${faultPrefix}${reason}`),
    body as unknown,
    xml,
    status,
  )
}

export const faultPrefix = 'ONVIF SOAP Fault: '

/** The body, as the list with one element that the package reads. */
function bodyOf(root: XmlNode | undefined): XmlValue[] | undefined {
  const envelope = root?.['envelope'] as XmlValue | undefined
  const body = typeof envelope === 'object' ? envelope['body'] : undefined
  return Array.isArray(body) ? body : undefined
}

/** What a fault says of itself: its text, else its codes; undefined when there is none. */
function faultReason(body: XmlValue | undefined): string | undefined {
  const fault = childOf(body, 'fault')
  if (fault === undefined) return undefined
  const text = textOf(childOf(childOf(fault, 'reason'), 'text'))
  if (text !== '') return text
  const code = childOf(fault, 'code')
  return [textOf(childOf(code, 'value')), textOf(childOf(childOf(code, 'subcode'), 'value'))].join(' ').trim()
}

function childOf(value: XmlValue | undefined, name: string): XmlValue | undefined {
  const list = typeof value === 'object' ? value[name] : undefined
  return Array.isArray(list) ? list[0] : undefined
}

function textOf(value: XmlValue | undefined): string {
  const text = typeof value === 'object' ? value['_'] : value
  return typeof text === 'string' ? text : ''
}

// The requests to a camera as ONVIF defines them, and the readers of the answers. Tokens are returned unchanged.
import { jpegPixelsMax } from '../../../../platform/jpeg/parse-jpeg.ts'
import { attributeOf, elementAt, elementsNamed, textAt, xmlText, type XmlElement } from './soap-xml.ts'

/** The services that are used. */
export const services = ['device', 'media', 'media2', 'events'] as const
export type Service = (typeof services)[number]

export const namespaces: Record<Service, string> = {
  device: 'http://www.onvif.org/ver10/device/wsdl',
  media: 'http://www.onvif.org/ver10/media/wsdl',
  media2: 'http://www.onvif.org/ver20/media/wsdl',
  events: 'http://www.onvif.org/ver10/events/wsdl',
}

/** The default path of each service. */
export const defaultPaths: Record<Exclude<Service, 'device'>, string> = {
  media: '/onvif/media_service',
  media2: '/onvif/media2_service',
  events: '/onvif/event_service',
}

export interface OnvifRequest {
  service: Service
  action: string
  body: string
}

const request = (service: Service, operation: string, content = ''): OnvifRequest => ({
  service,
  action: `${namespaces[service]}/${operation}`,
  body: `<${operation} xmlns="${namespaces[service]}">${content}</${operation}>`,
})

export const getClock = request('device', 'GetSystemDateAndTime')
export const getDevice = request('device', 'GetDeviceInformation')
export const getServices = request('device', 'GetServices', '<IncludeCapability>false</IncludeCapability>')
export const getCapabilities = request('device', 'GetCapabilities', '<Category>All</Category>')

export type MediaService = 'media' | 'media2'

export const getProfiles = (service: MediaService): OnvifRequest =>
  request(service, 'GetProfiles', service === 'media2' ? '<Type>VideoEncoder</Type>' : '')

export function getSnapshotUri(service: MediaService, token: string): OnvifRequest {
  return request(service, 'GetSnapshotUri', `<ProfileToken>${xmlText(token)}</ProfileToken>`)
}

export function getStreamUri(service: MediaService, token: string): OnvifRequest {
  const profile = `<ProfileToken>${xmlText(token)}</ProfileToken>`
  if (service === 'media2') return request(service, 'GetStreamUri', `<Protocol>RTSP</Protocol>${profile}`)
  const schema = 'xmlns="http://www.onvif.org/ver10/schema"'
  return request(
    service,
    'GetStreamUri',
    `<StreamSetup><Stream ${schema}>RTP-Unicast</Stream><Transport ${schema}><Protocol>RTSP</Protocol></Transport></StreamSetup>${profile}`,
  )
}

/** A camera's report of its time; missing or invalid parts are undefined. */
export interface CameraTime {
  utcMs: number | undefined
  /** The time on its clock, read as if it were UTC. */
  localMs: number | undefined
  /** The offset from its local time to UTC, from its time zone in POSIX form (`CST-8`). */
  zoneMs: number | undefined
  isDaylight: boolean
}

export function readTime(answer: XmlElement): CameraTime {
  const time = elementAt(answer, 'SystemDateAndTime')
  const zone = /^[^-+\d]*([-+]?\d{1,2})(?::(\d{2}))?/.exec(textAt(time, 'TimeZone', 'TZ'))
  const hours = Number(zone?.[1])
  const minutes = Number(zone?.[2] ?? 0)
  const isZone = zone !== null && Math.abs(hours) <= 14 && minutes < 60
  return {
    utcMs: readDateTime(elementAt(time, 'UTCDateTime')),
    localMs: readDateTime(elementAt(time, 'LocalDateTime')),
    zoneMs: isZone ? (hours + (Math.sign(hours) * minutes) / 60) * 3_600_000 : undefined,
    isDaylight: /^(true|1)$/i.test(textAt(time, 'DaylightSavings')),
  }
}

function readDateTime(element: XmlElement | undefined): number | undefined {
  const number = (part: string, name: string): number => {
    const text = textAt(element, part, name)
    return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  }
  const [year, month, day] = [number('Date', 'Year'), number('Date', 'Month'), number('Date', 'Day')]
  const [hour, minute, second] = [number('Time', 'Hour'), number('Time', 'Minute'), number('Time', 'Second')]
  // `Date.UTC` would take a thirteenth month as the first of the next year.
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 60))
    return undefined
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  return Number.isNaN(ms) ? undefined : ms
}

/**
 * Names and addresses of a camera are stored, shown and sent on: their length is limited, and they contain no control
 * characters.
 */
const textCharsMax = 1000
export const shownText = (text: string): string =>
  text
    .slice(0, textCharsMax)
    .replace(/\p{C}+/gu, ' ')
    .trim()

export interface DeviceFacts {
  maker: string
  model: string
  firmware: string
  serial: string
}

export function readDevice(answer: XmlElement | undefined): DeviceFacts {
  const text = (name: string): string => shownText(textAt(answer, name))
  return {
    maker: text('Manufacturer'),
    model: text('Model'),
    firmware: text('FirmwareVersion'),
    serial: text('SerialNumber'),
  }
}

/** Addresses of services, from an answer to GetServices or GetCapabilities. */
export function readServices(answer: XmlElement): Partial<Record<Service, string>> {
  const found: Partial<Record<Service, string>> = {}
  const note = (service: Service, address: string): void => {
    if (address !== '') found[service] ??= address.slice(0, textCharsMax)
  }
  for (const one of elementsNamed(answer, 'Service')) {
    const named = textAt(one, 'Namespace').replace(/\/$/, '').toLowerCase()
    const service = services.find((known) => namespaces[known] === named)
    if (service) note(service, textAt(one, 'XAddr'))
  }
  const capabilities = elementAt(answer, 'Capabilities')
  note('device', textAt(capabilities, 'Device', 'XAddr'))
  note('media', textAt(capabilities, 'Media', 'XAddr'))
  note('media2', textAt(capabilities, 'Extension', 'Media2', 'XAddr'))
  note('events', textAt(capabilities, 'Events', 'XAddr'))
  return found
}

export interface Profile {
  token: string
  name: string
  width: number
  height: number
  encoding: string
}

const profilesMax = 64

export function readProfiles(answer: XmlElement): Profile[] {
  return elementsNamed(answer, 'Profiles')
    .slice(0, profilesMax)
    .flatMap((profile) => {
      const encoder =
        elementAt(profile, 'VideoEncoderConfiguration') ??
        elementAt(profile, 'Configurations', 'VideoEncoder')
      const size = elementAt(encoder, 'Resolution')
      const token = attributeOf(profile, 'token') ?? ''
      if (token === '') return []
      return [
        {
          token: token.slice(0, textCharsMax),
          name: shownText(textAt(profile, 'Name')),
          width: Number(textAt(size, 'Width')) || 0,
          height: Number(textAt(size, 'Height')) || 0,
          encoding: shownText(textAt(encoder, 'Encoding')),
        },
      ]
    })
}

/** In the camera's order, except that profiles with video come first and those too large for us last. */
export function rankedProfiles(profiles: readonly Profile[]): Profile[] {
  const rank = ({ encoding, width, height }: Profile): number =>
    (encoding === '' ? 2 : 0) + (width * height > jpegPixelsMax ? 1 : 0)
  return profiles.toSorted((a, b) => rank(a) - rank(b))
}

/** Undefined for none, in the forms that cameras use for it. */
export function readUri(answer: XmlElement): string | undefined {
  const uri = (textAt(answer, 'MediaUri', 'Uri') || textAt(answer, 'Uri')).slice(0, textCharsMax)
  return uri === '' || /^\(?null\)?$/i.test(uri) ? undefined : uri
}

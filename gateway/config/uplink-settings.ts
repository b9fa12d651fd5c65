// The `uplink` section of the gateway's configuration: the address of the centre and how to reach it.
import { isLoopback } from '../../platform/loopback.ts'
import { z } from 'zod'

function isCentreUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || url.username !== '' || url.password !== '') return false
  if (url.protocol === 'mqtts:' || url.protocol === 'wss:') return url.hostname !== ''
  return (url.protocol === 'mqtt:' || url.protocol === 'ws:') && isLoopback(url.hostname)
}

const centreUrl = z
  .string()
  .refine(
    isCentreUrl,
    'mqtts://host:8883 or wss://host/path without user or password; plain mqtt:// and ws:// on loopback only',
  )

const proxyUrl = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url?.protocol === 'http:' && url.hostname !== '' && url.username === ''
}, 'http://host:port of a proxy that knows CONNECT, without user or password')

/** More centres than a county has. */
const centresMax = 16

const file = z.string().min(1)
const seconds = (from: number, to: number) => z.number().min(from).max(to)

const anyUplink = z
  .strictObject({
    /** Without `url` and `urls` the box works alone until it is enrolled. */
    url: centreUrl.optional(),
    /** Tried when `url` does not answer twice in a row. */
    reserveUrl: centreUrl.optional(),
    /** Equal centres over one database, in place of `url`: shuffled at each start; after a failure the next one is tried. */
    urls: z.array(centreUrl).min(1).max(centresMax).optional(),
    caFile: file.optional(),
    certFile: file.optional(),
    keyFile: file.optional(),
    /** Contains the password for the box id as user name. */
    passwordFile: file.optional(),
    proxyUrl: proxyUrl.optional(),
    heartbeatSeconds: seconds(1, 60).default(30),
    /**
     * After this idle time a keep-alive is sent; without an answer the connection is closed after half as long again.
     */
    keepAliveSeconds: seconds(1, 13).default(12),
    /** Reports were sent and no Receipt came for this long: the centre does not answer, connect again. */
    deafSeconds: seconds(0.5, 120).default(15),
    /** A Report without a Receipt is sent again after three round trips, never sooner than this. */
    resendSeconds: seconds(0.05, 60).default(2),
    connectSeconds: seconds(1, 60).default(15),
    /** Longest pause between two attempts. */
    retrySecondsMax: seconds(0.1, 600).default(60),
  })
  .refine((uplink) => (uplink.certFile === undefined) === (uplink.keyFile === undefined), {
    path: ['certFile'],
    message: 'certFile and keyFile go together',
  })
  .refine(({ url, urls }) => url === undefined || urls === undefined, {
    path: ['url'],
    message: 'url for one centre, or urls for several equal ones: not both',
  })
  .refine(({ reserveUrl, urls }) => reserveUrl === undefined || urls === undefined, {
    path: ['reserveUrl'],
    message: 'only beside url: in urls each centre is the reserve of the others',
  })
  .refine(({ urls = [] }) => new Set(urls).size === urls.length, {
    path: ['urls'],
    message: 'an address is given twice',
  })

const isAddressed = ({ url, urls }: z.infer<typeof anyUplink>): boolean =>
  url !== undefined || urls !== undefined

/** Where one address stands for all: the first. */
const withUrl = (uplink: z.infer<typeof anyUplink>) => ({
  ...uplink,
  url: uplink.url ?? uplink.urls?.[0] ?? '',
})

export const uplinkSettingsSchema = anyUplink
  .refine(isAddressed, { path: ['url'], message: 'url for one centre, or urls for several equal ones' })
  .transform(withUrl)

export type UplinkSettings = z.infer<typeof uplinkSettingsSchema>

/** A new box may have limits only: it works alone, and gets the address with its enrolment. */
export const uplinkSectionSchema = anyUplink.transform((uplink) =>
  isAddressed(uplink) ? withUrl(uplink) : undefined,
)

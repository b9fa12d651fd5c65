// SIP messages as bytes and as data (RFC 3261 clause 7 and 25): what registrations, messages and short calls need. Bounded, never throws.
import { lookup } from '../../protocols/kit/parse-json.ts'

/** A longer message is not read. */
export const sipBytesMax = 65_535
const headBytesMax = 16_384
const headersMax = 100
const viasMax = 20

/** In their order; names in lower case and long form. */
export type SipHeaders = [name: string, value: string][]

export interface SipRequest {
  method: string
  uri: string
  headers: SipHeaders
  body: Uint8Array
}

export interface SipResponse {
  status: number
  reason: string
  headers: SipHeaders
  body: Uint8Array
}

export type SipMessage = SipRequest | SipResponse

/** RFC 3261 clause 7.3.3 and the IANA register: one letter for a name. */
const longNames: Record<string, string> = lookup({
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  e: 'content-encoding',
  s: 'subject',
  k: 'supported',
  o: 'event',
  u: 'allow-events',
  r: 'refer-to',
})
/** How they are written: some receivers compare case. */
const writtenNames: Record<string, string> = lookup({
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'www-authenticate': 'WWW-Authenticate',
  'x-gb-ver': 'X-GB-Ver',
})
const written = (name: string): string =>
  writtenNames[name] ?? name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

export const isRequest = (message: SipMessage): message is SipRequest => 'method' in message

export const headerOf = ({ headers }: Pick<SipMessage, 'headers'>, name: string): string | undefined =>
  headers.find(([one]) => one === name)?.[1]

export const headersOf = ({ headers }: Pick<SipMessage, 'headers'>, name: string): string[] =>
  headers.filter(([one]) => one === name).map(([, value]) => value)

/** Where the head ends: the index of the body, or -1. */
export function headEnd(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.subarray(0, headBytesMax + 4).indexOf('\r\n\r\n')
  return end < 0 ? -1 : end + 4
}

export type ParsedSip = { message: SipMessage } | { problem: string }

function parseHeaders(lines: readonly string[]): SipHeaders | string {
  const headers: SipHeaders = []
  for (const line of lines) {
    // A line that begins with a space continues the one before it.
    const last = headers.at(-1)
    if (/^[ \t]/.test(line)) {
      if (!last) return 'the first header is a continuation'
      last[1] = `${last[1]} ${line.trim()}`.trim()
      continue
    }
    const colon = line.indexOf(':')
    const short = line.slice(0, Math.max(0, colon)).trim().toLowerCase()
    if (!/^[a-z0-9.!%*_+`'~-]{1,60}$/.test(short)) return 'a header without a name'
    if (headers.length >= headersMax) return 'too many headers'
    headers.push([longNames[short] ?? short, line.slice(colon + 1).trim()])
  }
  return headers
}

/** What a transaction can not do without (clause 8.1.1). */
function problemOf(message: SipMessage): string | undefined {
  for (const name of ['via', 'from', 'to', 'call-id', 'cseq'])
    if (headersOf(message, name).length === 0) return `no ${name}`
  for (const name of ['from', 'to', 'call-id', 'cseq'])
    if (headersOf(message, name).length > 1) return `more than one ${name}`
  const cseq = /^(\d{1,10})\s+([A-Z]{1,20})$/.exec(headerOf(message, 'cseq') ?? '')
  if (!cseq || Number.parseInt(cseq[1] ?? '', 10) >= 2 ** 31) return 'CSeq'
  if (isRequest(message) && cseq[2] !== message.method) return 'CSeq of another method'
  return viaOf(message) ? undefined : 'Via'
}

/** One message: a datagram, or what a stream has cut. The body ends with Content-Length; without it, with the bytes. */
export function parseSip(bytes: Uint8Array): ParsedSip {
  if (bytes.length > sipBytesMax) return { problem: 'too long' }
  const end = headEnd(bytes)
  if (end < 0) return { problem: 'no end of the head' }
  const [first = '', ...lines] = Buffer.from(bytes.subarray(0, end - 4))
    .toString('utf8')
    .split('\r\n')
  const headers = parseHeaders(lines)
  if (typeof headers === 'string') return { problem: headers }
  const length = headerOf({ headers }, 'content-length')
  if (length !== undefined && !/^\d{1,6}$/.test(length)) return { problem: 'Content-Length' }
  const size = length === undefined ? bytes.length - end : Number.parseInt(length, 10)
  if (size > bytes.length - end) return { problem: 'shorter than Content-Length' }
  const body = bytes.subarray(end, end + size)
  const request = /^([A-Z]{1,20}) (\S{1,500}) SIP\/2\.0$/.exec(first)
  const response = /^SIP\/2\.0 ([1-6]\d\d)(?: (.{0,200}))?$/.exec(first)
  if (!request && !response) return { problem: 'no first line of SIP/2.0' }
  const message: SipMessage = request
    ? { method: request[1] ?? '', uri: request[2] ?? '', headers, body }
    : { status: Number.parseInt(response?.[1] ?? '', 10), reason: response?.[2] ?? '', headers, body }
  const problem = problemOf(message)
  return problem === undefined ? { message } : { problem }
}

/** Content-Length is written anew; a line break in a value can not begin a header of its own. */
export function encodeSip(message: SipMessage): Buffer {
  const { headers, body } = message
  const first = isRequest(message)
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`
  const lines = headers
    .filter(([name]) => name !== 'content-length')
    .map(([name, value]) => `${written(name)}: ${value}`)
  const head = [first, ...lines, `Content-Length: ${body.length}`].map((line) =>
    line.replace(/[\r\n]+/g, ' '),
  )
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'utf8'), body])
}

const plainSpaces = (text: string): string => text.replace(/\s+/g, ' ').trim()

export interface SipVia {
  transport: string
  /** `host` or `host:port` as written. */
  sentBy: string
  host: string
  port: number | undefined
  parameters: Map<string, string>
}

/** Splits at commas that stand in no quotes and no angle brackets. */
export function splitList(value: string): string[] {
  const parts: string[] = []
  let from = 0
  let isQuoted = false
  let depth = 0
  for (let at = 0; at < value.length; at++) {
    const one = value[at]
    if (isQuoted) {
      if (one === '\\') at++
      else if (one === '"') isQuoted = false
    } else if (one === '"') isQuoted = true
    else if (one === '<') depth++
    else if (one === '>') depth--
    else if (one === ',' && depth <= 0) {
      parts.push(value.slice(from, at).trim())
      from = at + 1
    }
  }
  parts.push(value.slice(from).trim())
  return parts.filter((part) => part !== '')
}

export function parametersOf(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(
    /;\s*([^\s;=,"]{1,60})\s*(?:=\s*("[^"]*"|[^\s;,]*))?/g,
  ))
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'))
  return found
}

/** The topmost one. */
export function viaOf(message: Pick<SipMessage, 'headers'>): SipVia | undefined {
  const all = headersOf(message, 'via').flatMap(splitList)
  if (all.length > viasMax) return undefined
  // Without runs of spaces: expressions below would try every way to cut them.
  const found =
    /^SIP ?\/ ?2\.0 ?\/ ?([A-Z-]{2,10}) (\[[0-9A-F:.]{2,50}\]|[A-Z0-9._-]{1,255}) ?(?:: ?(\d{1,5}))? ?(;.*)?$/i.exec(
      plainSpaces(all[0] ?? ''),
    )
  if (!found) return undefined
  const [, transport = '', host = '', digits, rest = ''] = found
  const port = digits === undefined ? undefined : Number.parseInt(digits, 10)
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  return {
    transport: transport.toUpperCase(),
    sentBy: port === undefined ? host : `${host}:${port}`,
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port,
    parameters: parametersOf(rest),
  }
}

export const branchOf = (message: Pick<SipMessage, 'headers'>): string =>
  viaOf(message)?.parameters.get('branch') ?? ''

export interface SipAddress {
  display: string
  uri: string
  parameters: Map<string, string>
}

/** `"Name" <sip:user@host;x>;tag=1`, or `sip:user@host;tag=1`. */
export function parseAddress(value: string): SipAddress | undefined {
  const text = plainSpaces(value)
  const named = /^("(?:[^"\\]|\\.)*"|[^<"]*)<([^<>\s]{1,500})>(.*)$/.exec(
    text.replace(/^("(?:[^"\\]|\\.)*") </, '$1<'),
  )
  if (named)
    return {
      display: (named[1] ?? '')
        .trim()
        .replace(/^"(.*)"$/s, '$1')
        .replace(/\\(.)/gs, '$1'),
      uri: named[2] ?? '',
      parameters: parametersOf(named[3] ?? ''),
    }
  const bare = /^([a-z][a-z0-9+.-]{0,20}:[^\s;,<>"]{1,500})(.*)$/i.exec(text)
  return bare ? { display: '', uri: bare[1] ?? '', parameters: parametersOf(bare[2] ?? '') } : undefined
}

export const tagOf = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : parseAddress(value)?.parameters.get('tag')

export interface SipUri {
  user: string
  host: string
  port: number | undefined
}

/** `sip:user@host:port;parameters`. */
export function parseSipUri(uri: string): SipUri | undefined {
  const found =
    /^sips?:(?:([^@:;?]{0,200})(?::[^@]{0,100})?@)?(\[[0-9a-f:.]{2,50}\]|[a-z0-9._-]{1,255})(?::(\d{1,5}))?(?:[;?].*)?$/i.exec(
      uri,
    )
  if (!found) return undefined
  const port = found[3] === undefined ? undefined : Number.parseInt(found[3], 10)
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined
  return { user: found[1] ?? '', host: (found[2] ?? '').replace(/^\[(.*)\]$/, '$1'), port }
}

/** The beginning of an answer (clause 8.2.6.2): the same Via, From, Call-ID and CSeq, and To with a tag of ours. */
export function responseTo(
  request: SipRequest,
  status: number,
  reason: string,
  tag: string,
  more: SipHeaders = [],
  body: Uint8Array = new Uint8Array(),
): SipResponse {
  const to = headerOf(request, 'to') ?? ''
  const headers: SipHeaders = [
    ...headersOf(request, 'via').map((value): [string, string] => ['via', value]),
    ['from', headerOf(request, 'from') ?? ''],
    ['to', tagOf(to) === undefined && status > 100 ? `${to};tag=${tag}` : to],
    ['call-id', headerOf(request, 'call-id') ?? ''],
    ['cseq', headerOf(request, 'cseq') ?? ''],
    ...more,
  ]
  return { status, reason, headers, body }
}

// The frame of SIA DC-09: length, CRC and optional AES around the data of an alarm. Pure apart from the cipher. Designed after the 2013 and
// 2021 editions, certified to none.
import { createCipheriv, createDecipheriv } from 'node:crypto'

export const dc09Ids = ['SIA-DCS', 'ADM-CID', 'NULL', 'ACK', 'NAK', 'DUH'] as const
export type Dc09Id = (typeof dc09Ids)[number]

export interface Dc09Frame {
  id: Dc09Id
  isEncrypted: boolean
  /** 0 to 9999; absent in answers of some receivers. */
  sequence?: number
  receiver?: string
  /** `L` and one to six digits; absent in answers of some receivers. */
  line?: string
  account?: string
  /** Inside the brackets, without them. */
  data: string
  /** Everything between the data and the time, such as `[I...]`. */
  more: string
  /** ms since 1970; absent when the frame has no time. */
  atMs?: number
}

/** A longer frame is not read. */
export const frameBytesMax = 1024
const blockBytes = 16
const firstPrintable = 0x20
/** CRC-16 with the polynomial 8005, reflected, as DC-09 annex C. */
const polynomial = 0xa001

export function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  }
  return crc
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')
const two = (value: number): string => String(value).padStart(2, '0')

/** `_13:45:07,03-01-2026`, in UTC. */
export function timeStamp(atMs: number): string {
  const at = new Date(atMs)
  const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':')
  return `_${time},${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}-${at.getUTCFullYear()}`
}

function parseTime(text: string): number | undefined {
  const found = /_(\d\d):(\d\d):(\d\d),(\d\d)-(\d\d)-(\d{4})$/.exec(text)
  if (!found) return undefined
  const [hour = 0, minute = 0, second = 0, month = 0, day = 0, year = 0] = found
    .slice(1)
    .map((digits) => Number.parseInt(digits, 10))
  const atMs = Date.UTC(year, month - 1, day, hour, minute, second)
  return Number.isNaN(atMs) ? undefined : atMs
}

function cipherName(key: Uint8Array): string {
  return `aes-${key.length * 8}-cbc`
}

/** 16, 24 or 32 bytes in hexadecimal. */
export function parseKey(text: string): Buffer | undefined {
  const clean = text.trim()
  return /^(?:[0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64})$/i.test(clean) ? Buffer.from(clean, 'hex') : undefined
}

function encrypt(key: Uint8Array, content: string): string {
  // The pad stands before `|`, so that the whole is a number of blocks; the initial vector is zero by the standard.
  const pad = '0'.repeat((blockBytes - ((Buffer.byteLength(content) + 1) % blockBytes)) % blockBytes)
  const cipher = createCipheriv(cipherName(key), key, Buffer.alloc(blockBytes)).setAutoPadding(false)
  const bytes = Buffer.concat([cipher.update(`${pad}|${content}`, 'utf8'), cipher.final()])
  return bytes.toString('hex').toUpperCase()
}

function decrypt(key: Uint8Array, digits: string): string | undefined {
  if (!/^(?:[0-9A-F]{32})+$/i.test(digits)) return undefined
  const cipher = createDecipheriv(cipherName(key), key, Buffer.alloc(blockBytes)).setAutoPadding(false)
  const bytes = Buffer.concat([cipher.update(digits, 'hex'), cipher.final()])
  // Some receivers append a block of padding, which the standard does not have.
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] ?? 0) < firstPrintable) end--
  const text = bytes.subarray(0, end).toString('utf8')
  const at = text.indexOf('|')
  // With the wrong key the text is noise: its end is no time.
  return at < 0 || parseTime(text) === undefined ? undefined : text.slice(at + 1)
}

export function encodeFrame(frame: Omit<Dc09Frame, 'isEncrypted'>, key?: Uint8Array): Buffer {
  const { id, sequence, receiver, line, account, data, more, atMs } = frame
  const stamp = atMs === undefined ? '' : timeStamp(atMs)
  const head = [
    `"${key ? '*' : ''}${id}"`,
    sequence === undefined ? '' : String(sequence).padStart(4, '0'),
    receiver === undefined ? '' : `R${receiver}`,
    line === undefined ? '' : `L${line}`,
    account === undefined ? '' : `#${account}`,
  ].join('')
  // Encrypted: the closing bracket, what follows and the time are inside.
  const content = `${data}]${more}${stamp}`
  const body = Buffer.from(`${head}[${key ? encrypt(key, content) : content}`, 'utf8')
  return Buffer.concat([
    Buffer.from(`\n${hex(crc16(body), 4)}0${hex(body.length, 3)}`, 'latin1'),
    body,
    Buffer.from('\r', 'latin1'),
  ])
}

export type FrameFault = 'not-a-frame' | 'crc' | 'key'

/** `bytes`: one frame, with or without LF and CR. Never throws. */
export function parseFrame(bytes: Uint8Array, key?: Uint8Array): Dc09Frame | FrameFault {
  if (bytes.length > frameBytesMax) return 'not-a-frame'
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\n+/, '')
    .replace(/\r[\s\S]*$/, '')
  const outer = /^([0-9A-F]{4})0([0-9A-F]{3})("[\s\S]*)$/i.exec(text)
  if (!outer) return 'not-a-frame'
  const [, crc = '', length = '', body = ''] = outer
  if (Number.parseInt(length, 16) !== body.length) return 'not-a-frame'
  if (Number.parseInt(crc, 16) !== crc16(Buffer.from(body, 'latin1'))) return 'crc'
  const head =
    /^"(\*?)([A-Z-]{3,7})"(\d{4})?(?:R([0-9A-F]{1,6}))?(?:L([0-9A-F]{1,6}))?(?:#([0-9A-F]{1,16}))?([\s\S]*)$/i.exec(
      body,
    )
  const id = dc09Ids.find((one) => one === head?.[2])
  if (!head || id === undefined) return 'not-a-frame'
  const isEncrypted = head[1] === '*'
  const [, , , sequence, receiver, line, account, rest = ''] = head
  let content = rest.startsWith('[') ? rest.slice(1) : ']'
  if (isEncrypted) {
    const clear = key && decrypt(key, content.replace(/\]$/, ''))
    if (clear === undefined) return 'key'
    content = clear
  }
  content = Buffer.from(content, isEncrypted ? 'utf8' : 'latin1').toString('utf8')
  const end = content.indexOf(']')
  const after = end < 0 ? '' : content.slice(end + 1)
  const atMs = parseTime(after)
  return {
    id,
    isEncrypted,
    ...(sequence === undefined ? {} : { sequence: Number.parseInt(sequence, 10) }),
    ...(receiver === undefined ? {} : { receiver }),
    ...(line === undefined ? {} : { line }),
    ...(account === undefined ? {} : { account: account.toUpperCase() }),
    data: end < 0 ? content : content.slice(0, end),
    more: atMs === undefined ? after : after.slice(0, after.lastIndexOf('_')),
    ...(atMs === undefined ? {} : { atMs }),
  }
}

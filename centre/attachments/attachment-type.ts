// The type of a file by its own bytes; the type in its name or request is not trusted. Pure.
import type { AttachmentType } from '../../protocols/desk/attachments.ts'

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, to))

const startsWith = (bytes: Uint8Array, signature: readonly number[]): boolean =>
  signature.every((byte, at) => bytes[at] === byte)

const jpegStart = [0xff, 0xd8, 0xff]
const pngStart = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
/** The end may have a few bytes behind it, as some cameras and printers write them. */
const tailBytes = 1024

/** Undefined for everything else, also for a file that begins like one of these and was cut off. */
export function typeOf(bytes: Uint8Array): AttachmentType | undefined {
  const tail = bytes.subarray(Math.max(0, bytes.length - tailBytes))
  if (startsWith(bytes, jpegStart)) return hasJpegEnd(tail) ? 'image/jpeg' : undefined
  if (startsWith(bytes, pngStart))
    return ascii(bytes, 12, 16) === 'IHDR' && ascii(tail, 0, tail.length).includes('IEND')
      ? 'image/png'
      : undefined
  if (ascii(bytes, 0, 5) === '%PDF-')
    return ascii(tail, 0, tail.length).includes('%%EOF') ? 'application/pdf' : undefined
  return undefined
}

function hasJpegEnd(tail: Uint8Array): boolean {
  for (let at = tail.length - 2; at >= 0; at--) if (tail[at] === 0xff && tail[at + 1] === 0xd9) return true
  return false
}

const endings: Record<AttachmentType, string> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'application/pdf': '.pdf',
}
const nameLengthMax = 80

/** For people to read: no separators, no control characters, no ending but that of its type. */
export function attachmentName(text: string, type: AttachmentType): string {
  const plain = text
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|]/gu, ' ')
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replace(/^[. ]+/, '')
    .trim()
  return `${Array.from(plain).slice(0, nameLengthMax).join('') || 'file'}${endings[type]}`
}

// Vendors' codec files: read when a frame needs them, and again when they change.
import { forgetOldest } from '../../../../platform/forget-oldest.ts'
import { readFileSync, statSync } from 'node:fs'

export const codecBytesMax = 128 * 1024
/** Codecs kept in memory; the one loaded longest ago is removed and read again when needed. */
export const codecsMax = 64

interface Loaded {
  code: string
  stamp: string
}
const loaded = new Map<string, Loaded>()

/** The code with a name that changes when the file does; a text is the reason for a missing one. */
export function readCodec(file: string): { code: string; name: string } | string {
  try {
    const { size, mtimeMs } = statSync(file)
    if (size > codecBytesMax) return `the codec ${file} has ${size} bytes; ${codecBytesMax} are allowed`
    const stamp = `${mtimeMs}:${size}`
    const known = loaded.get(file)
    if (known?.stamp === stamp) return { code: known.code, name: `${file} ${stamp}` }
    const code = readFileSync(file, 'utf8')
    loaded.delete(file)
    loaded.set(file, { code, stamp })
    forgetOldest(loaded, codecsMax)
    return { code, name: `${file} ${stamp}` }
  } catch (error) {
    return `the codec ${file} can not be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`
  }
}

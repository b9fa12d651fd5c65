// Compresses a Report for the wire: gzip if that makes it smaller.
import { constants, gzipSync } from 'node:zlib'
import type { CompressText } from '../link.ts'

/** A shorter text does not shrink enough for the gzip header. */
const packCharsMin = 200

export const packReport: CompressText = (text, isFast) => {
  const plain = Buffer.from(text)
  if (plain.length < packCharsMin) return plain
  const packed = gzipSync(plain, { level: isFast ? constants.Z_BEST_SPEED : constants.Z_BEST_COMPRESSION })
  return packed.length < plain.length ? packed : plain
}

// Reads the write-ahead log as SQLite does. SQLite reads up to the first frame that does not match and ignores all
// later frames without an error. After a power cut those belong to an unfinished commit; after a damaged byte they
// are acknowledged commits.
import { existsSync, readFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24
const littleEndian = 0x377f0682
const bigEndian = 0x377f0683

export interface LogTail {
  /** Commits that SQLite ignores although their frames belong to this log. */
  commits: number
  /** Offset in the file of the first such frame. */
  fromByte: number
}

const sound: LogTail = { commits: 0, fromByte: 0 }

/** The content of the log behind its first damaged frame. */
export function corruptTail(file: string): LogTail {
  if (!existsSync(file)) return sound
  const log = readFileSync(file)
  if (log.length < headerBytes + frameHeaderBytes) return sound
  const magic = log.readUInt32BE(0)
  const isLittle = magic === littleEndian
  const pageBytes = log.readUInt32BE(8)
  let sums = addTo([0, 0], log.subarray(0, 24), isLittle)
  const isKnown = isLittle || magic === bigEndian
  // The header is one sector and is synced before the first frame: if frames follow it, a wrong header is damaged,
  // not torn.
  if (!isKnown || sums[0] !== log.readUInt32BE(24) || sums[1] !== log.readUInt32BE(28))
    return log.subarray(headerBytes).some((byte) => byte !== 0)
      ? { commits: Infinity, fromByte: headerBytes }
      : sound
  const salts = log.subarray(16, 24)
  const tail = { commits: 0, fromByte: 0 }
  for (let at = headerBytes; at + frameHeaderBytes + pageBytes <= log.length;) {
    const end = at + frameHeaderBytes + pageBytes
    const isOfThisLog = log.subarray(at + 8, at + 16).equals(salts)
    if (tail.fromByte === 0) {
      sums = addTo(sums, log.subarray(at, at + 8), isLittle)
      sums = addTo(sums, log.subarray(at + frameHeaderBytes, end), isLittle)
      const fits = sums[0] === log.readUInt32BE(at + 16) && sums[1] === log.readUInt32BE(at + 20)
      if (!isOfThisLog || !fits) tail.fromByte = at
    }
    // The last frame of a commit carries the size of the database after the commit.
    if (tail.fromByte > 0 && isOfThisLog && log.readUInt32BE(at + 4) > 0) tail.commits++
    at = end
  }
  return tail
}

type Sums = [number, number]

function addTo([first, second]: Sums, bytes: Buffer, isLittle: boolean): Sums {
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const a = isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
    const b = isLittle ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)
    first = (first + a + second) >>> 0
    second = (second + b + first) >>> 0
  }
  return [first, second]
}

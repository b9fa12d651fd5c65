// Carving: finds records in the raw bytes of a damaged database or write-ahead log. A record is JSON text with a
// known beginning that contains its sequence, and most rows lie inside one page.
import { closeSync, openSync, readSync } from 'node:fs'
import { colours, type Lane } from '../../../protocols/domain/colour.ts'
import { readRecord } from './readable-record.ts'
import { expandBody, shortEventStart } from '../short-event.ts'

const markers = ['{"type":"', shortEventStart].map((text) => Buffer.from(text))
const chunkBytes = 1024 * 1024
/** Longest record that is searched for. */
const recordBytesMax = 16 * 1024

/** Calls `found` for each complete record in the file, in its long form; a record may be found several times. */
export function carveRecords(
  file: string,
  found: (lane: Lane, sequence: number, body: string) => void,
  fromByte = 0,
): void {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(chunkBytes + recordBytesMax)
    for (let offset = fromByte; ; offset += chunkBytes) {
      const length = readSync(descriptor, buffer, 0, buffer.length, offset)
      if (length === 0) return
      // Bytes after the chunk belong to the next chunk, except at the end of the file.
      const isEnd = length < buffer.length
      carveChunk(buffer.subarray(0, length), isEnd ? length : chunkBytes, found)
      if (isEnd) return
    }
  } finally {
    closeSync(descriptor)
  }
}

function carveChunk(
  bytes: Buffer,
  end: number,
  found: (lane: Lane, sequence: number, body: string) => void,
): void {
  for (const marker of markers)
    for (let at = bytes.indexOf(marker); at >= 0 && at < end; at = bytes.indexOf(marker, at + 1)) {
      const length = objectLength(bytes, at)
      if (length === 0) continue
      const body = expandBody(bytes.toString('utf8', at, at + length))
      const record = parseRecord(body)
      if (record) found(record.lane, record.sequence, body)
    }
}

/** Bytes of the balanced `{...}` at `start`, or 0 when it does not close within the limit. */
function objectLength(bytes: Buffer, start: number): number {
  let depth = 0
  let isText = false
  const end = Math.min(bytes.length, start + recordBytesMax)
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (isText) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) isText = false
    } else if (byte === 0x22) isText = true
    else if (byte === 0x7b) depth++
    else if (byte === 0x7d && --depth === 0) return at + 1 - start
  }
  return 0
}

/** An event does not contain its lane: without its table it counts as routine; its alarm keeps its colour. */
function parseRecord(body: string): { lane: Lane; sequence: number } | undefined {
  const record = readRecord(body)
  if (!record || !((record['sequence'] as number) > 0)) return undefined // a torn piece that looked like a record
  const sequence = record['sequence'] as number
  if (record['type'] !== 'alarm') return { lane: 'routine', sequence }
  // The lane of the most urgent colour that the alarm had, as when it was first stored.
  const { colour, latchedColour } = record['alarm'] as { colour?: unknown; latchedColour?: unknown }
  const lane = colours.find((known) => known === latchedColour || known === colour)
  return lane && { lane, sequence }
}

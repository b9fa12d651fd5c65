// A picture chunk: a part of a picture's bytes from box to centre, in the lowest lane; its first byte distinguishes it
// from a Report.
import { pictureBytesMax } from '../domain/snapshot.ts'
import { bad, ok, type Result } from '../kit/result.ts'

/** The first byte: neither JSON nor gzip begins with it. The second is the version. */
export const chunkMark = 0x50
const chunkVersion = 1
/** Mark, version, SHA-256, size of the whole and offset (unsigned, big-endian), then the bytes. */
export const chunkHeaderBytes = 42
/** Most bytes of a picture in one chunk. */
export const chunkBytesMax = 64 * 1024

export interface PictureChunk {
  /** SHA-256 of the whole picture, in hex. */
  sha256: string
  /** Bytes of the whole file. */
  bytes: number
  /** Where `part` begins. */
  offset: number
  /** Empty: asks how many bytes of the picture the centre has. */
  part: Uint8Array
}

/** True for bytes that begin as a picture chunk does. */
export function isPictureChunk(payload: Uint8Array): boolean {
  return payload[0] === chunkMark
}

export function encodePictureChunk({ sha256, bytes, offset, part }: PictureChunk): Uint8Array {
  const payload = new Uint8Array(chunkHeaderBytes + part.byteLength)
  const view = new DataView(payload.buffer)
  payload[0] = chunkMark
  payload[1] = chunkVersion
  for (let i = 0; i < 32; i++) payload[2 + i] = Number.parseInt(sha256.slice(i * 2, i * 2 + 2), 16)
  view.setUint32(34, bytes)
  view.setUint32(38, offset)
  payload.set(part, chunkHeaderBytes)
  return payload
}

/** Reads a chunk; `part` is a view of `payload`. Never throws. */
export function parsePictureChunk(payload: Uint8Array): Result<PictureChunk> {
  if (!isPictureChunk(payload)) return bad('not a picture chunk')
  if (payload.byteLength < chunkHeaderBytes) return bad('shorter than its header')
  if (payload[1] !== chunkVersion) return bad('another version', 'version')
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const bytes = view.getUint32(34)
  const offset = view.getUint32(38)
  const part = payload.subarray(chunkHeaderBytes)
  if (bytes < 1 || bytes > pictureBytesMax) return bad(`1 to ${pictureBytesMax}`, 'bytes')
  if (part.byteLength > chunkBytesMax) return bad(`at most ${chunkBytesMax} bytes`, 'part')
  if (offset + part.byteLength > bytes) return bad('beyond the end of the picture', 'offset')
  let sha256 = ''
  for (let i = 2; i < 34; i++) sha256 += (payload[i] ?? 0).toString(16).padStart(2, '0')
  return ok({ sha256, bytes, offset, part })
}

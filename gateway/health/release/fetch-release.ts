// Fetches a release into a folder: manifest and signature first, which are checked before a byte of the archive is asked for, then the
// archive in pieces. A piece takes about a tenth of a second of the link and the next one waits three times as long, so that Receipts
// and commands keep their turn; an interrupted fetch goes on where it was.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyMinisign, type MinisignKey } from '../../../platform/releases/minisign.ts'
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import { pause } from '../../../platform/time/pause.ts'
import {
  judgeManifest,
  manifestBytesMax,
  manifestNameOf,
  newestRelease,
  parseReleaseManifest,
  signatureBytesMax,
  signatureNameOf,
  type ReleaseManifest,
  type ReleaseReceiver,
} from '../../../protocols/releases/release-manifest.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { bad, type Result } from '../../../protocols/kit/result.ts'
import { diskOf } from '../disk-room.ts'
import type { ReleaseSource } from './release-source.ts'

/** The names of the three files in the folder. */
export const offerNames = {
  manifest: 'manifest.json',
  signature: 'manifest.json.minisig',
  archive: 'archive.tar.xz',
}

const pieceBytesMin = 4 * 1024
const pieceBytesMax = 256 * 1024
/** A quicker piece is doubled, a slower one halved. */
const quickMs = 100
const slowMs = 500
/** The share of the link is one part in this many. */
const pauseFactor = 3
/** Unpacked, a release has some four times its bytes; the archive is there twice for a moment. */
const roomFactor = 7

export interface CheckReleaseOptions extends ReleaseReceiver {
  source: ReleaseSource
  keys: readonly MinisignKey[]
  /** A version, or `newest`. */
  version: string
}

export interface CheckedRelease {
  manifest: ReleaseManifest
  trustedComment: string
  files: { manifest: Buffer; signature: Buffer }
}

/** Reads the manifest of a release and judges it. Rejects with a ReleaseSourceFailure when the source does not answer. */
export async function checkRelease(options: CheckReleaseOptions): Promise<Result<CheckedRelease>> {
  const { source, keys, version, architecture } = options
  const name = manifestNameOf(version, architecture)
  const manifest = await source.read(name, 0, manifestBytesMax)
  const signature = await source.read(signatureNameOf(name), 0, signatureBytesMax)
  const judged = judgeFiles({ manifest, signature }, keys, options)
  // The source chooses the bytes: an older signed release under this name would pass every other check.
  if (judged.ok && version !== newestRelease && judged.value.manifest.version !== version)
    return bad(`${name} is the manifest of ${judged.value.manifest.version}`)
  return judged
}

/** The order matters: nothing of an unsigned file is looked at. */
export function judgeFiles(
  files: CheckedRelease['files'],
  keys: readonly MinisignKey[],
  receiver: ReleaseReceiver,
): Result<CheckedRelease> {
  const signed = verifyMinisign(keys, files.manifest, files.signature.toString('utf8'))
  if (!signed.ok) return signed
  const parsed = parseReleaseManifest(files.manifest)
  if (!parsed.ok) return parsed
  const judged = judgeManifest(parsed.value, receiver)
  if (!judged.ok) return judged
  const { trustedComment } = signed.value
  return { ok: true, value: { manifest: judged.value, trustedComment, files } }
}

export interface FetchReleaseOptions {
  source: ReleaseSource
  release: CheckedRelease
  folder: string
  clock: Clock
  /** Without pauses: a person waits, or the source is a folder. */
  isUrgent?: boolean
  signal: AbortSignal
  onProgress?: (bytes: number, of: number) => void
}

/** Resolves with the problem, if any; rejects with a ReleaseSourceFailure when the source does not answer. */
export async function fetchRelease(options: FetchReleaseOptions): Promise<Result<ReleaseManifest>> {
  const { release, folder, signal } = options
  const { archive } = release.manifest
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, offerNames.archive)
  const { freeBytes } = diskOf(folder)
  if (freeBytes < archive.bytes * roomFactor)
    return bad(
      `${Math.round((archive.bytes * roomFactor) / 1e6)} MB of free room are needed, there are ${Math.round(freeBytes / 1e6)}`,
    )
  const isSame = await hasContent(join(folder, offerNames.manifest), release.files.manifest)
  if (!isSame) await rm(file, { force: true })
  await replaceFile(join(folder, offerNames.manifest), release.files.manifest, { mode: 0o600 })
  await replaceFile(join(folder, offerNames.signature), release.files.signature, { mode: 0o600 })
  await fetchPieces(options, file)
  if (signal.aborted) return bad('interrupted')
  if ((await hashOf(file)) === archive.sha256) return { ok: true, value: release.manifest }
  await rm(file, { force: true })
  return bad(`${archive.name} is not the archive that was signed`)
}

async function fetchPieces(options: FetchReleaseOptions, file: string): Promise<void> {
  const { source, clock, isUrgent = false, signal, onProgress } = options
  const { name, bytes } = options.release.manifest.archive
  const handle = await open(file, 'a', 0o600)
  try {
    let { size } = await handle.stat()
    let pieceBytes = isUrgent ? pieceBytesMax : 4 * pieceBytesMin
    while (size < bytes && !signal.aborted) {
      const startedMs = clock.monotonicMs()
      const piece = await source.read(name, size, Math.min(pieceBytes, bytes - size))
      if (piece.byteLength === 0) return
      await handle.write(piece)
      size += piece.byteLength
      onProgress?.(size, bytes)
      if (isUrgent) continue
      const tookMs = clock.monotonicMs() - startedMs
      if (tookMs < quickMs) pieceBytes = Math.min(pieceBytes * 2, pieceBytesMax)
      else if (tookMs > slowMs) pieceBytes = Math.max(pieceBytes / 2, pieceBytesMin)
      await pause(clock, tookMs * pauseFactor, signal)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function hasContent(file: string, content: Buffer): Promise<boolean> {
  const chunks: Buffer[] = []
  try {
    if ((await stat(file)).size !== content.byteLength) return false
    for await (const chunk of createReadStream(file)) chunks.push(chunk as Buffer)
  } catch {
    return false
  }
  return Buffer.concat(chunks).equals(content)
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

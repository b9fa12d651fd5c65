// Root's part of an update: takes the release that the program has fetched into its own data, checks it again from a copy that only root
// can write, and stages it. The program has no rights beyond its data; who controls it can offer signed newer releases and nothing else.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { MinisignKey } from '../../../platform/releases/minisign.ts'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { messageOf } from '../../../platform/failure.ts'
import { bad, describeProblems, ok, type Result } from '../../../protocols/kit/result.ts'
import {
  manifestBytesMax,
  signatureBytesMax,
  type ReleaseManifest,
  type ReleaseReceiver,
} from '../../../protocols/releases/release-manifest.ts'
import { judgeFiles, offerNames } from './fetch-release.ts'
import { goneBackWords, hasGoneBack } from './release-files.ts'

/** What stands in the folder of an offer when it is whole: the version. */
export const readyName = 'ready'
const blockBytes = 1024 * 1024

export interface TakeOfferOptions {
  /** The folder that the program has fetched into. */
  offer: string
  /** The folder of the versions, such as /opt/gengfu. */
  root: string
  releaseScript: string
  /** Read when they are needed: a missing key refuses the offer, which has to go away too. */
  keys: () => readonly MinisignKey[]
  receiver: () => ReleaseReceiver
  /** A person asks for it: also a version that this box went back from. */
  isByHand?: boolean
}

/** Stages the offered release; what came of it stands in the file `answer` of `root`, and the offer is gone. */
export function takeOffer(options: TakeOfferOptions): Result<ReleaseManifest> {
  const { offer, root } = options
  const version = firstLine(join(offer, readyName))
  const taken = tryOffer(options)
  const words = taken.ok ? ['staged'] : ['refused', describeProblems(taken.problems)]
  replaceFileSync(join(root, 'answer'), `${[version, ...words].join('\n')}\n`, 0o644)
  // Left there, it would start root's service without end; a folder of that name too.
  rmSync(join(offer, readyName), { recursive: true, force: true })
  rmSync(join(offer, offerNames.archive), { recursive: true, force: true })
  return taken
}

function tryOffer(options: TakeOfferOptions): Result<ReleaseManifest> {
  const { offer, root, releaseScript, keys, receiver, isByHand = false } = options
  const own = join(root, '.offer')
  try {
    rmSync(own, { recursive: true, force: true })
    mkdirSync(own, { mode: 0o700 })
    const files = {
      manifest: readOwn(join(offer, offerNames.manifest), manifestBytesMax),
      signature: readOwn(join(offer, offerNames.signature), signatureBytesMax),
    }
    const judged = judgeFiles(files, keys(), receiver())
    if (!judged.ok) return judged
    const { manifest } = judged.value
    if (!isByHand && hasGoneBack(root, manifest.version)) return bad(goneBackWords(manifest.version))
    const archive = join(own, offerNames.archive)
    const sum = copyHashed(join(offer, offerNames.archive), archive, manifest.archive.bytes)
    if (sum !== manifest.archive.sha256)
      return bad(`${manifest.archive.name} is not the archive that was signed`)
    execFileSync(releaseScript, ['stage', manifest.version, archive], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    return ok(manifest)
  } catch (error) {
    return bad(messageOf(error))
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/**
 * A file, and no link or pipe: a link could lead root to a file that the program may not read, and opening a pipe would wait
 * for ever.
 */
function openOwn(file: string): number {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if (fstatSync(handle).isFile()) return handle
  closeSync(handle)
  throw new Error('a part of the offer is no file')
}

function readOwn(file: string, bytesMax: number): Buffer {
  const handle = openOwn(file)
  try {
    const bytes = Buffer.alloc(bytesMax + 1)
    const read = readSync(handle, bytes, 0, bytes.byteLength, 0)
    if (read > bytesMax) throw new Error('a file of the offer is too large')
    return bytes.subarray(0, read)
  } finally {
    closeSync(handle)
  }
}

/** The hash is that of the bytes that were written: the source may change meanwhile. */
function copyHashed(from: string, to: string, bytesMax: number): string {
  const [source, target] = [openOwn(from), openSync(to, 'wx', 0o600)]
  const hash = createHash('sha256')
  const block = Buffer.alloc(blockBytes)
  try {
    for (let done = 0; ;) {
      const read = readSync(source, block, 0, block.byteLength, done)
      if (read === 0) break
      done += read
      if (done > bytesMax) throw new Error('the archive is longer than its manifest says')
      hash.update(block.subarray(0, read))
      writeSync(target, block, 0, read)
    }
    fsyncSync(target)
  } finally {
    closeSync(source)
    closeSync(target)
  }
  return hash.digest('hex')
}

export interface OfferAnswer {
  version: string
  isStaged: boolean
  reason: string
}

/** What root made of the last offer. */
export function readAnswer(root: string): OfferAnswer | undefined {
  try {
    const [version = '', word, reason = ''] = readFileSync(join(root, 'answer'), 'utf8').split('\n')
    return { version, isStaged: word === 'staged', reason }
  } catch {
    return undefined
  }
}

/** The file that root's service waits for; last of all. */
export function placeOffer(folder: string, version: string): void {
  writeFileSync(join(folder, readyName), `${version}\n`, { mode: 0o600 })
}

function firstLine(file: string): string {
  try {
    return readOwn(file, 200).toString('utf8').split('\n')[0] ?? ''
  } catch {
    return ''
  }
}

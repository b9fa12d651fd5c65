// The releases that a centre offers to its boxes: files in one folder, served without changes. A release is accepted
// only if it is complete and signed by a trusted key. The boxes check the signature again with their own keys.
import { createHash } from 'node:crypto'
import { copyFileSync, createReadStream, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { verifyMinisign, type MinisignKey } from '../../platform/releases/minisign.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import {
  manifestNameOf,
  newestRelease,
  parseReleaseManifest,
  releaseArchitectures,
  signatureNameOf,
  type ReleaseManifest,
} from '../../protocols/releases/release-manifest.ts'

export const releaseFolderOf = (dataDir: string): string => {
  const folder = join(dataDir, 'releases')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Copies `version` for each architecture that the folder `from` has. If one has a problem, none is copied. */
export async function takeRelease(
  from: string,
  version: string,
  keys: readonly MinisignKey[],
  folder: string,
  nowMs: number,
): Promise<Result<ReleaseManifest[]>> {
  const manifests: ReleaseManifest[] = []
  for (const architecture of releaseArchitectures) {
    const name = manifestNameOf(version, architecture)
    const files = readPair(from, name)
    if (!files) continue
    const signed = verifyMinisign(keys, files.manifest, files.signature)
    if (!signed.ok) return bad(`${name}: ${signed.problems[0]?.message}`)
    const parsed = parseReleaseManifest(files.manifest)
    if (!parsed.ok) return bad(`${name}: ${parsed.problems[0]?.message}`)
    const { archive, version: statedVersion, architecture: of, expiresAt } = parsed.value
    if (statedVersion !== version || of !== architecture)
      return bad(`${name} describes version ${statedVersion} for ${of}`)
    if (nowMs > Date.parse(expiresAt)) return bad(`${name} expired at ${expiresAt}`)
    const sum = await hashOf(join(from, archive.name)).catch(() => undefined)
    if (sum === undefined) return bad(`${archive.name} is missing in ${from}`)
    if (sum !== archive.sha256) return bad(`${archive.name} is not the archive that was signed`)
    manifests.push(parsed.value)
  }
  if (manifests.length === 0)
    return bad(`${from} has no ${manifestNameOf(version, 'amd64')} with its .minisig`)
  for (const manifest of manifests) put(from, manifest, folder)
  return ok(manifests)
}

/** Copies the archive before its manifest, so that no manifest in the folder names a missing archive. */
function put(from: string, { archive, version, architecture }: ReleaseManifest, folder: string): void {
  copyWhole(join(from, archive.name), join(folder, archive.name))
  const source = manifestNameOf(version, architecture)
  for (const name of [source, manifestNameOf(newestRelease, architecture)]) {
    copyWhole(join(from, signatureNameOf(source)), join(folder, signatureNameOf(name)))
    copyWhole(join(from, source), join(folder, name))
  }
}

function copyWhole(from: string, to: string): void {
  const draft = `${to}.new`
  rmSync(draft, { force: true })
  copyFileSync(from, draft)
  renameSync(draft, to)
}

function readPair(from: string, name: string): { manifest: Buffer; signature: string } | undefined {
  try {
    return {
      manifest: readFileSync(join(from, name)),
      signature: readFileSync(join(from, signatureNameOf(name)), 'utf8'),
    }
  } catch {
    return undefined
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

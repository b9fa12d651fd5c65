// What a release says of itself: a small JSON file that is signed, and names its archive by SHA-256. A box takes it only when it is
// for this box, newer than what runs, and still valid, so that neither an old version nor a withheld new one can be passed off.
import { z } from 'zod'
import { fromZod } from '../kit/from-zod.ts'
import { parseJson } from '../kit/parse-json.ts'
import { ok, type Problem, type Result } from '../kit/result.ts'
import { compareVersions, versionPattern } from './version-order.ts'

export const releaseProduct = 'gengfu'
export const releaseArchitectures = ['amd64', 'arm64'] as const
export type ReleaseArchitecture = (typeof releaseArchitectures)[number]

/** A larger file is no manifest. */
export const manifestBytesMax = 16 * 1024
export const signatureBytesMax = 4 * 1024
/** A larger archive is refused before it is fetched. */
export const archiveBytesMax = 500_000_000
/** A clock that stands before the day of the signature is wrong; time zones and slow clocks are forgiven this much. */
const clockSlackMs = 86_400_000

const version = z.string().regex(versionPattern, 'a version such as 1.2.0 or 1.2.0-rc.1')
const at = z.iso.datetime({ message: 'a time such as 2026-11-30T00:00:00Z' })

/** Unknown keys are ignored, so that a later release may say more. */
export const releaseManifestSchema = z.object({
  v: z.literal(1),
  product: z.string().min(1).max(40),
  version,
  architecture: z.enum(releaseArchitectures),
  /** The lowest version that may go straight to this one. */
  lowestVersion: version,
  signedAt: at,
  /** Not installed after this: who withholds newer releases can not pass this one off for ever. */
  expiresAt: at,
  archive: z.object({
    name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._+-]{0,99}$/, 'a plain file name'),
    bytes: z.number().int().min(1).max(archiveBytesMax),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
  }),
})
export type ReleaseManifest = z.infer<typeof releaseManifestSchema>

export const manifestNameOf = (of: string, architecture: ReleaseArchitecture): string =>
  `gengfu-${of}-${architecture}.json`
/** The newest manifest of a folder has this in place of its version. */
export const newestRelease = 'newest'
export const signatureNameOf = (manifestName: string): string => `${manifestName}.minisig`

/** Never throws. */
export function parseReleaseManifest(bytes: Uint8Array): Result<ReleaseManifest> {
  const json = parseJson(bytes, manifestBytesMax)
  return json.ok ? fromZod(releaseManifestSchema, json.value) : json
}

export interface ReleaseReceiver {
  architecture: ReleaseArchitecture
  /** The version that runs. */
  running: string
  nowMs: number
}

/** Why this machine does not take the release; ok when it does. */
export function judgeManifest(
  manifest: ReleaseManifest,
  { architecture, running, nowMs }: ReleaseReceiver,
): Result<ReleaseManifest> {
  const problems: Problem[] = []
  const refuse = (path: string, message: string): void => void problems.push({ path, message })
  if (manifest.product !== releaseProduct)
    refuse('product', `this is for "${manifest.product}", not for gengfu`)
  if (manifest.architecture !== architecture)
    refuse('architecture', `this is for ${manifest.architecture}; this machine is ${architecture}`)
  if (!versionPattern.test(running)) refuse('version', `the version that runs has no order: ${running}`)
  else {
    if (compareVersions(manifest.version, running) <= 0)
      refuse('version', `${manifest.version} is not newer than ${running}, which runs`)
    if (compareVersions(running, manifest.lowestVersion) < 0)
      refuse('lowestVersion', `${running} has to be updated to ${manifest.lowestVersion} first`)
  }
  const at = new Date(nowMs).toISOString()
  if (nowMs > Date.parse(manifest.expiresAt))
    refuse('expiresAt', `expired at ${manifest.expiresAt} (it is ${at}): ask for a newer release`)
  if (nowMs < Date.parse(manifest.signedAt) - clockSlackMs)
    refuse('signedAt', `signed at ${manifest.signedAt}, but the clock says ${at}: the clock is wrong`)
  return problems.length > 0 ? { ok: false, problems } : ok(manifest)
}

// The manifest of an archive, and its signature by the minisign program: what `gengfu update` and the centre's updates read.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  manifestNameOf,
  releaseManifestSchema,
  releaseProduct,
  signatureNameOf,
  type ReleaseArchitecture,
} from '../../protocols/releases/release-manifest.ts'

export interface ManifestOptions {
  archive: string
  architecture: ReleaseArchitecture
  version: string
  lowestVersion: string
  days: number
  signedAtMs: number
  out: string
}

const isoOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

/** Returns the path of the manifest. */
export function writeManifest(options: ManifestOptions): string {
  const { archive, architecture, version, lowestVersion, days, signedAtMs, out } = options
  const bytes = readFileSync(archive)
  const manifest = releaseManifestSchema.parse({
    v: 1,
    product: releaseProduct,
    version,
    architecture,
    lowestVersion,
    signedAt: isoOf(signedAtMs),
    expiresAt: isoOf(signedAtMs + days * 86_400_000),
    archive: {
      name: basename(archive),
      bytes: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    },
  })
  const file = join(out, manifestNameOf(version, architecture))
  writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`)
  return file
}

/** Asks for the password of the key where it has one. */
export function signManifest(manifest: string, secretKey: string): string {
  const comment = `gengfu ${basename(manifest, '.json')}`
  execFileSync('minisign', ['-S', '-H', '-s', secretKey, '-m', manifest, '-t', comment], { stdio: 'inherit' })
  return signatureNameOf(manifest)
}

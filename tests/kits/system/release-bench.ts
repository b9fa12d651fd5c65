// Signed releases of a few bytes, a machine that has them installed by the real release script, and a signer in the format of minisign.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  manifestNameOf,
  newestRelease,
  releaseManifestSchema,
  signatureNameOf,
  type ReleaseManifest,
} from '../../../protocols/releases/release-manifest.ts'

export interface Signer {
  publicKey: string
  sign(bytes: Uint8Array, trustedComment?: string): string
}

export function createSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = randomBytes(8)
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    publicKey: `untrusted comment: key of a test\n${Buffer.concat([Buffer.from('Ed'), id, raw]).toString('base64')}\n`,
    sign: (bytes, trustedComment = 'of a test') => {
      const signature = sign(null, createHash('blake2b512').update(bytes).digest(), privateKey)
      const global = sign(null, Buffer.concat([signature, Buffer.from(trustedComment)]), privateKey)
      const line = Buffer.concat([Buffer.from('ED'), id, signature]).toString('base64')
      return `untrusted comment: x\n${line}\ntrusted comment: ${trustedComment}\n${global.toString('base64')}\n`
    },
  }
}

const script = new URL('../../../deploy/package/release.sh', import.meta.url).pathname

const archives = new Map<string, Buffer>()

/** Made once for each version: the programs that pack take longer than all else here. */
function archiveOf(version: string): Buffer {
  const known = archives.get(version)
  if (known) return known
  const tree = mkdtempSync(join(tmpdir(), 'gengfu-tree-'))
  writeFileSync(join(tree, 'release.json'), JSON.stringify({ version }))
  // So that an archive has several pieces.
  writeFileSync(join(tree, 'bulk'), randomBytes(60_000))
  const bytes = execFileSync('tar', ['-cJ', '-C', tree, '.'], { maxBuffer: 10_000_000 })
  rmSync(tree, { recursive: true })
  archives.set(version, bytes)
  return bytes
}

/** One machine and one place with releases; `sync` costs nothing here. */
export class ReleaseBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'gengfu-releases-'))
  readonly root = join(this.folder, 'opt')
  readonly data = join(this.folder, 'data')
  readonly offered = join(this.folder, 'offered')
  readonly keyFile = join(this.folder, 'update.pub')
  /** Calls the real script with the folders of this bench. */
  readonly releaseScript = join(this.folder, 'bin/release')
  readonly signer = createSigner()

  constructor() {
    for (const name of ['bin', 'offered', 'data/release'])
      mkdirSync(join(this.folder, name), { recursive: true })
    writeFileSync(join(this.folder, 'bin/sync'), '#!/bin/sh\n', { mode: 0o755 })
    writeFileSync(
      this.releaseScript,
      `#!/bin/sh\nPATH=${this.folder}/bin:$PATH GENGFU_ROOT=${this.root} GENGFU_NOTES=${this.data}/release exec sh ${script} "$@"\n`,
      { mode: 0o755 },
    )
    writeFileSync(this.keyFile, this.signer.publicKey)
  }

  /** A version that is installed and confirmed, as the release script leaves it. */
  install(version: string): void {
    mkdirSync(join(this.root, 'releases', version), { recursive: true })
    writeFileSync(join(this.root, 'releases', version, 'release.json'), JSON.stringify({ version }))
    symlinkSync(`releases/${version}`, join(this.root, 'current'))
  }

  release(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(this.releaseScript, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return stdout
  }

  current(): string {
    return readlinkSync(join(this.root, 'current')).replace('releases/', '')
  }

  /** Puts a signed release into the place, as its newest. */
  offer(version: string, change: Partial<ReleaseManifest> = {}, signer = this.signer): ReleaseManifest {
    const bytes = archiveOf(version)
    const manifest = releaseManifestSchema.parse({
      v: 1,
      product: 'gengfu',
      version,
      architecture: 'amd64',
      lowestVersion: '0.1.0',
      signedAt: '2020-01-01T00:00:00Z',
      expiresAt: '2199-01-01T00:00:00Z',
      archive: {
        name: `gengfu-${version}-amd64.tar.xz`,
        bytes: bytes.byteLength,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
      ...change,
    })
    const text = Buffer.from(JSON.stringify(manifest))
    writeFileSync(join(this.offered, manifest.archive.name), bytes)
    for (const name of [version, newestRelease].map((one) => manifestNameOf(one, manifest.architecture))) {
      writeFileSync(join(this.offered, name), text)
      writeFileSync(join(this.offered, signatureNameOf(name)), signer.sign(text))
    }
    return manifest
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

// Versions of the program for the campaign of packages: the same build with other version numbers, intact or broken, as signed releases
// and as Debian packages.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDebianPackage, products } from '../../../deploy/package/debian-package.ts'
import { signManifest, writeManifest } from '../../../deploy/package/release-manifest.ts'
import { packTree, type Architecture } from '../../../deploy/package/release-tree.ts'

/** The time of every file in the archives. */
const epoch = 1_700_000_000

/**
 * `ends`: the program of the box ends at once. `no-console`: everything works, but another program has the port of the console, so that
 * the local proof is never complete.
 */
export type Spoilt = 'ends' | 'no-console'

const spoils: Record<Spoilt, string> = {
  ends: "if (process.argv[2] === 'gateway') process.exit(1)\n",
  'no-console':
    "import { createServer } from 'node:net'\nif (process.argv[2] === 'gateway') await new Promise((resolve) => createServer().listen(8080, '127.0.0.1', resolve))\n",
}

export class TrialVersions {
  readonly keyFile: string
  readonly #options: { project: string; tree: string; work: string; architecture: Architecture }

  /** `tree`: an unpacked release of this machine's architecture; `work`: a folder of its own. */
  constructor(options: { project: string; tree: string; work: string; architecture: Architecture }) {
    this.#options = options
    mkdirSync(options.work, { recursive: true })
    this.keyFile = join(options.work, 'update.pub')
    // -W: no password.
    const args = ['-G', '-W', '-f', '-p', this.keyFile, '-s', this.#secret]
    execFileSync('minisign', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  }

  get #secret(): string {
    return join(this.#options.work, 'update.key')
  }

  /** The folder with the archive, the manifest and the signature. */
  release(version: string, spoilt?: Spoilt): string {
    const { work, architecture } = this.#options
    const out = join(work, version)
    mkdirSync(out)
    const archive = this.#archive(version, out, spoilt)
    const days = { lowestVersion: '0.1.0', days: 30, signedAtMs: Date.now() - 60_000 }
    signManifest(writeManifest({ archive, architecture, version, out, ...days }), this.#secret)
    return out
  }

  /** The path of the package. */
  debianPackage(name: 'gengfu' | 'gengfu-centre', version: string): string {
    const { project, work, architecture } = this.#options
    const product = products.find((one) => one.name === name)
    if (!product) throw new Error(name)
    const archive = this.#archive(version, work)
    return makeDebianPackage({ project, work, product, architecture, version, epoch, archive, out: work })
  }

  #archive(version: string, out: string, spoilt?: Spoilt): string {
    const { tree, work, architecture } = this.#options
    const own = join(work, `tree-${version}`)
    const archive = join(out, `gengfu-${version}-${architecture}.tar.xz`)
    execFileSync('cp', ['-al', tree, own])
    // The copy shares its files with `tree` (hard links), so a changed file is replaced and not overwritten.
    const replace = (name: string, change: (text: string) => string): void => {
      const text = readFileSync(join(own, name), 'utf8')
      rmSync(join(own, name))
      writeFileSync(join(own, name), change(text))
    }
    const numbered = (text: string): string => JSON.stringify({ ...(JSON.parse(text) as object), version })
    for (const name of ['package.json', 'release.json']) replace(name, numbered)
    if (spoilt) replace('bin/gengfu.js', (text) => text.replace('\n', `\n${spoils[spoilt]}`))
    packTree(own, archive, epoch, 0)
    rmSync(own, { recursive: true })
    return archive
  }
}

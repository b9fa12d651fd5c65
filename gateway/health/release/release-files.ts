// The messages between the release script and the program about a version on trial, in small files: the script owns `trial`
// beside the versions, the program owns `proven`, `confirmed`, `failed` and `had-link` below its data.
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'

export interface ReleaseTrial {
  version: string
  previous: string
}

/** The folder of the versions, such as /opt/gengfu. Undefined where no package put the program there. */
export function releaseRootOf(programFolder: string): string | undefined {
  const releases = dirname(programFolder)
  return basename(releases) === 'releases' ? dirname(releases) : undefined
}

/** The trial that this program is in. Undefined where none is under way, or where no package put the program there. */
export function readTrial(programFolder: string): ReleaseTrial | undefined {
  const root = releaseRootOf(programFolder)
  if (root === undefined) return undefined
  const text = readText(join(root, 'trial'))
  const field = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]
  const [version, previous] = [field('version'), field('previous')]
  if (version !== basename(programFolder) || previous === undefined) return undefined
  return { version, previous }
}

/** The last version that this machine went back from. */
export function readRollback(root: string): { version: string; reason: string } | undefined {
  const [version = '', reason = ''] = readText(join(root, 'went-back')).split('\n')
  return version === '' ? undefined : { version, reason }
}

/** Every version that this machine went back from. A centre that keeps asking for such a version would only restart the box. */
export function hasGoneBack(root: string, version: string): boolean {
  const versions = readText(join(root, 'went-back-from')).split('\n')
  return readRollback(root)?.version === version || versions.includes(version)
}

/** What a person can do about it. */
export const goneBackWords = (version: string): string =>
  `this box went back from ${version} before: it is installed only by hand (gengfu update install --version ${version}), or take a newer one 本机曾从该版本退回，只能人工安装，或使用更新的版本`

export class ReleaseFiles {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'release')
  }

  say(what: 'proven' | 'confirmed' | 'failed' | 'had-link', version: string, detail?: string): void {
    const text = detail === undefined ? `${version}\n` : `${version}\n${detail}\n`
    replaceFileSync(join(this.#folder, what), text, 0o600)
  }

  /** Whether `version` had Receipts when it was stopped; false when it did not record that. */
  hadLink(version: string): boolean {
    const [linkedVersion, answer] = readText(join(this.#folder, 'had-link')).split('\n')
    return linkedVersion === version && answer === 'yes'
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

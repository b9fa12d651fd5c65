// A version that a package has put on trial (deploy/package/release.sh) is confirmed once the centre listens: its store has the
// new schema then, which the version before refuses, and without this the release script would go back after three starts.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'

/** Does nothing where no package put the program there. `program` is a file of the running version. */
export function confirmRelease(dataDir: string, program = fileURLToPath(import.meta.url)): void {
  const version = /\/releases\/([^/]+)\//.exec(program)?.[1]
  if (version !== undefined) replaceFileSync(join(dataDir, 'release', 'confirmed'), `${version}\n`, 0o600)
}

// Tests of pages and programs run the build: with an older one they would prove nothing about the sources. Vitest's
// configuration looks once for all files; the commands outside of Vitest build first.
import { fileURLToPath } from 'node:url'
import { isBuilt } from '../../../bin/build-stamp.js'

const variable = 'GENGFU_TEST_BUILD'

/** Called where Vitest starts: its workers have the environment of that process. */
export function noteBuild(): void {
  process.env[variable] = isBuilt() ? 'current' : 'old'
}

export function requireBuild(): void {
  if (process.env[variable] === 'old')
    throw new Error('there is no build of these sources: run `npm run build`, or `npm test`, which builds')
}

/** The file of the one command, whose parts are in the build. */
export function builtCommand(): string {
  requireBuild()
  return fileURLToPath(new URL('../../../bin/gengfu.js', import.meta.url))
}

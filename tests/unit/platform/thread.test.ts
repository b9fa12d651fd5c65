// Does a thread start from sources as from a build, again and again from the cached script, and is a changed source gathered anew?
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { startThread } from '../../../platform/thread.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const made = join(root, 'node_modules/.cache/gengfu-thread-test')
afterAll(() => rmSync(made, { recursive: true, force: true }))

async function answerOf(moduleUrl: string, file: string): Promise<{ text: string; isNice: boolean }> {
  const worker = startThread(moduleUrl, file, {})
  try {
    const answer = new Promise<{ text: string; isNice: boolean }>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    worker.postMessage('hello')
    return await answer
  } finally {
    await worker.terminate()
  }
}

it('starts a thread of TypeScript sources, also the second time from the cached script', async () => {
  for (let time = 0; time < 2; time++)
    expect(await answerOf(import.meta.url, 'tests/unit/platform/echo-thread')).toEqual({
      text: 'hello',
      isNice: process.platform === 'linux',
    })
})

it('starts a thread of a build from the file beside the program', async () => {
  mkdirSync(made, { recursive: true })
  const script =
    "require('node:worker_threads').parentPort.once('message', (text) => require('node:worker_threads').parentPort.postMessage({ text: text + '!' }))"
  writeFileSync(join(made, 'echo.js'), script)
  writeFileSync(join(made, 'package.json'), '{"type":"commonjs"}')
  expect(await answerOf(`file://${made}/main.js`, 'gateway/anywhere/echo')).toEqual({ text: 'hello!' })
})

describe('sources that change', () => {
  let place: string
  let second: string
  const wordsOf = (words: string): string => `export const words = '${words}'\n`
  /** Older than any gathering, and the same for each content. */
  const write = (words: string): void => {
    writeFileSync(second, wordsOf(words))
    utimesSync(second, 1_700_000_000, 1_700_000_000)
  }
  let gather: () => string

  beforeEach(() => {
    mkdirSync(made, { recursive: true })
    // Another one for each test: Node remembers in which folder it has found a package.
    place = mkdtempSync(join(made, 'sources-'))
    second = join(place, 'second.ts')
    mkdirSync(join(place, 'bin'))
    const copy = join(place, 'bin/gather-sources.cjs')
    copyFileSync(join(root, 'bin/gather-sources.cjs'), copy)
    for (const name of ['tsconfig.json', 'package-lock.json'])
      copyFileSync(join(root, name), join(place, name))
    writeFileSync(join(place, 'first.ts'), "import { words } from './second.ts'\nconsole.log(words)\n")
    for (const name of ['bin/gather-sources.cjs', 'tsconfig.json', 'package-lock.json', 'first.ts'])
      utimesSync(join(place, name), 1_700_000_000, 1_700_000_000)
    mkdirSync(join(place, 'node_modules'))
    const require = createRequire(import.meta.url)
    // As in a process of its own.
    gather = () => {
      delete require.cache[copy]
      return (require(copy) as { gatherSources: (file: string) => string }).gatherSources(
        join(place, 'first.ts'),
      )
    }
  })

  /** A stand-in for esbuild's program; `$REAL` is that program. */
  const installBuilder = (script: string): void => {
    const { resolve } = createRequire(join(root, 'package.json'))
    const name = `@esbuild/${process.platform}-${process.arch}`
    const real = createRequire(resolve('esbuild')).resolve(`${name}/bin/esbuild`)
    mkdirSync(join(place, 'node_modules/esbuild'), { recursive: true })
    writeFileSync(join(place, 'node_modules/esbuild/index.js'), '')
    mkdirSync(join(place, 'node_modules', name, 'bin'), { recursive: true })
    const program = `#!/bin/sh\nREAL='${real}'\n${script}\n`
    writeFileSync(join(place, 'node_modules', name, 'bin/esbuild'), program, { mode: 0o755 })
  }

  it('are gathered anew by the next process, also when size and time are as before', () => {
    write('before')
    expect(gather()).toContain('before')
    write('after!')
    const after = gather()
    expect(after).toContain('after!')
    expect(gather()).toBe(after)
  })

  it('are gathered once while nothing changes', () => {
    write('before')
    installBuilder(`echo once >> '${place}/gathered'; exec "$REAL" "$@"`)
    gather()
    gather()
    expect(readFileSync(join(place, 'gathered'), 'utf8')).toBe('once\n')
  })

  it('are gathered anew when they changed while they were gathered', () => {
    write('before')
    const change = `printf "export const words = 'after!'\\n" > '${second}'`
    installBuilder(`"$REAL" "$@"; status=$?; ${change}; exit $status`)
    expect(gather()).toContain('before')
    expect(gather()).toContain('after!')
  })
})

// Does a thread start from sources as from a build, again and again from the kept script, and is a changed source gathered anew?
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
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

it('starts a thread of TypeScript sources, also the second time from the kept script', async () => {
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

it('gathers a source anew in the next process once it or an import of it has changed', () => {
  mkdirSync(join(made, 'bin'), { recursive: true })
  const copy = join(made, 'bin/gather-sources.cjs')
  copyFileSync(join(root, 'bin/gather-sources.cjs'), copy)
  for (const name of ['tsconfig.json', 'package-lock.json']) copyFileSync(join(root, name), join(made, name))
  mkdirSync(join(made, 'node_modules'), { recursive: true })
  const require = createRequire(import.meta.url)
  const gather = (): string => {
    delete require.cache[copy]
    return (require(copy) as { gatherSources: (file: string) => string }).gatherSources(
      join(made, 'first.ts'),
    )
  }
  writeFileSync(join(made, 'first.ts'), "import { words } from './second.ts'\nconsole.log(words)\n")
  writeFileSync(join(made, 'second.ts'), "export const words = 'before'\n")
  expect(gather()).toContain('before')
  writeFileSync(join(made, 'second.ts'), "export const words = 'after it'\n")
  const after = gather()
  expect(after).toContain('after it')
  expect(gather()).toBe(after)
})

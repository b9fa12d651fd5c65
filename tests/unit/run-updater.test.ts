// The updater of a box: called with the version alone, without a shell, and with an honest outcome.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { endOfUpdate, runUpdater } from '../../gateway/commands/run-updater.ts'

let folder: string
let updater: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-updater-'))
  updater = join(folder, 'updater')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(script: string): void {
  writeFileSync(updater, `#!/bin/sh\n${script}\n`)
  chmodSync(updater, 0o755)
}
const never = new AbortController().signal

it('hands over the version as the only argument, and no word of it to a shell', async () => {
  write(`printf '%s|' "$#" "$@" > ${folder}/asked`)
  const version = `1.0;touch ${folder}/pwned $(touch ${folder}/pwned)`
  expect(await runUpdater(updater, version, never)).toEqual({ state: 'done', reached: [version] })
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(`1|${version}|`)
  expect(existsSync(join(folder, 'pwned'))).toBe(false)
})

it('says how it failed, in its own last words', async () => {
  write('echo one >&2; echo "no such version" >&2; exit 3')
  const ending = await runUpdater(updater, '9.9.9', never)
  expect(ending).toMatchObject({ state: 'failed', missed: ['9.9.9'], reason: { code: 'updater-failed' } })
  expect(ending.reason?.en).toContain('3 no such version')
  expect((await runUpdater(join(folder, 'none'), '1.0', never)).reason?.en).toContain('ENOENT')
})

it('leaves the outcome open when the program is stopped meanwhile, and knows it by the version after the start', async () => {
  write('exec sleep 30')
  const stopped = new AbortController()
  const running = runUpdater(updater, '2.0.0', stopped.signal)
  stopped.abort()
  expect(await running).toEqual({ state: 'received', waiting: ['2.0.0'] })
  expect(endOfUpdate('2.0.0', '2.0.0').state).toBe('done')
  expect(endOfUpdate('2.0.0', '1.0.0')).toMatchObject({ state: 'failed', reason: { code: 'interrupted' } })
})

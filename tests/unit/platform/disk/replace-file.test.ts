// Is a file replaced as a whole, with its mode, and never through a planted link?
import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { replaceFile, replaceFileSync } from '../../../../platform/disk/replace-file.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'gengfu-replace-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.skipIf(process.getuid?.() !== 0)('a file that root replaces belongs to the owner of the folder', () => {
  const own = join(folder, 'service')
  mkdirSync(own)
  chownSync(own, 65534, 65534)
  replaceFileSync(join(own, 'one.json'), 'text', 0o600)
  expect(statSync(join(own, 'one.json'))).toMatchObject({ uid: 65534, gid: 65534 })
})

it.each([
  ['replaceFile', (file: string, text: string) => replaceFile(file, text, { mode: 0o600 })],
  ['replaceFileSync', async (file: string, text: string) => replaceFileSync(file, text, 0o600)],
])('%s leaves the new content and no draft, whatever an interrupted run left', async (_name, replace) => {
  const file = join(folder, 'deep', 'one.json')
  await replace(file, 'first')
  // A draft that is a link to something else must not be written through.
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'untouched')
  symlinkSync(victim, `${file}.new`)
  await replace(file, 'second')
  expect(readFileSync(file, 'utf8')).toBe('second')
  expect(readFileSync(victim, 'utf8')).toBe('untouched')
  expect(lstatSync(file).isSymbolicLink()).toBe(false)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'deep'))).toEqual(['one.json'])
})

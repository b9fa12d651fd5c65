// Is a folder made with those above it, and is one that no system makes an error at once?
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolder } from '../../../../platform/disk/create-folder.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-folder-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('makes what is missing for this user alone, and leaves what is there', () => {
  const deep = join(folder, 'a/b/c')
  createFolder(deep)
  for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700)
  createFolder(deep)
  createFolder(folder)
})

it('says at once that a file stands in the way, or that a file system takes no folders', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => createFolder(file)).toThrow('ENOTDIR')
  expect(() => createFolder(join(file, 'below'))).toThrow('ENOTDIR')
  // With `recursive`, Node 20 never returns from this.
  expect(() => createFolder('/proc/gengfu/data')).toThrow(
    'ENOTSUP: /proc/gengfu can not be made: /proc takes no folders',
  )
})

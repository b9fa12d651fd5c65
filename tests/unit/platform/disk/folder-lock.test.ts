// One program per folder: is the second one refused with the holder's number, and is the lock free again afterwards?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockFolder } from '../../../../platform/disk/folder-lock.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'gengfu-lock-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const lock = (): (() => void) =>
  lockFolder({ folder, name: 'box', taken: (holder) => new Error(`taken by ${holder}`) })

it('refuses the second with the process that has it, and lets the next one in after the release', () => {
  const release = lock()
  expect(lock).toThrow(`taken by ${process.pid}`)
  release()
  release()
  lock()()
})

it('takes a lock file that a damaged disk filled with bytes, and says so when the holder is not known', () => {
  writeFileSync(join(folder, 'box.lock'), 'no database at all, '.repeat(300))
  const release = lock()
  writeFileSync(join(folder, 'box.pid'), 'garbage')
  expect(lock).toThrow('taken by unknown')
  release()
})

// Does a command that root runs beside a service leave files that the service can open?
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { becomeOwnerOf } from '../../../../platform/rights/folder-owner.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-owner-'))
const source = fileURLToPath(new URL('../../../../platform/rights/folder-owner.ts', import.meta.url))
const uid = 12_345
afterAll(() => rmSync(folder, { recursive: true }))

it('changes nothing without a folder, or where root owns it', () => {
  const before = process.getuid?.()
  becomeOwnerOf(join(folder, 'none'))
  becomeOwnerOf('/')
  expect(process.getuid?.()).toBe(before)
})

// As root, like all tests that need the rights of other users.
it('writes as the owner of the folder, and makes the folder that it needs for that user', () => {
  chownSync(folder, uid, uid)
  const also = join(folder, 'backups')
  const program = `
      import { writeFileSync } from 'node:fs'
      import { becomeOwnerOf } from ${JSON.stringify(source)}
      becomeOwnerOf(${JSON.stringify(folder)}, ${JSON.stringify(also)})
      writeFileSync(${JSON.stringify(join(also, 'file'))}, '')`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  )
  expect({ status, stderr }).toMatchObject({ status: 0 })
  expect([also, join(also, 'file')].map((path) => statSync(path).uid)).toEqual([uid, uid])
})

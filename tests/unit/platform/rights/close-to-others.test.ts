// Does a copy on a stick or a share without modes stay a copy, and is it closed where there are modes?
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { closeToOthers } from '../../../../platform/rights/close-to-others.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-close-'))
const file = join(folder, 'file')
afterAll(() => rmSync(folder, { recursive: true }))

it('closes a file, and does not hide that there is none', () => {
  writeFileSync(file, '', { mode: 0o644 })
  expect(closeToOthers(file)).toBe(true)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(() => closeToOthers(join(folder, 'none'))).toThrow('ENOENT')
})

// As root, like all tests that need the rights of other users: a stranger's chmod is refused with EPERM, as it is on a FAT stick.
it('passes over a refusal of the file system', () => {
  chmodSync(folder, 0o755)
  const source = fileURLToPath(new URL('../../../../platform/rights/close-to-others.ts', import.meta.url))
  const program = `
    import { closeToOthers } from ${JSON.stringify(source)}
    process.setuid(12345)
    process.stdout.write(String(closeToOthers(${JSON.stringify(file)})))`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  )
  expect({ stdout, stderr }).toMatchObject({ stdout: 'false' })
})

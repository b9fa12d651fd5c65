// A backup that root begins runs with the rights of the service: is a folder that root made earlier named before any work, with the remedy?
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWriter } from '../../../../centre/storage/sqlite/database.ts'
import { databaseName } from '../../../../centre/storage/backup/backup-folder.ts'

const uid = 12_345
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-rights-'))
  chmodSync(folder, 0o755)
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir)
  openWriter(join(dataDir, databaseName), 1).close()
  for (const name of readdirSync(dataDir)) chownSync(join(dataDir, name), uid, uid)
  chownSync(dataDir, uid, uid)
  const config = `dataDir: ${dataDir}\nhttp: { host: 127.0.0.1, port: 18080 }\nuplink: { anonymous: true, listeners: [{ host: 127.0.0.1, port: 18883 }] }\n`
  writeFileSync(join(folder, 'centre.yaml'), config)
})
afterAll(() => rmSync(folder, { recursive: true }))

function backup(to: string): { status: number | null; stderr: string } {
  const source = fileURLToPath(new URL('../../../../centre/main.ts', import.meta.url))
  const argv = ['backup', '--config', join(folder, 'centre.yaml'), '--to', to]
  const program = `import { runCentre } from ${JSON.stringify(source)}; await runCentre(${JSON.stringify(argv)})`
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  )
  return { status, stderr }
}

// As root, like all tests that need the rights of other users.
it('makes the folder for the service, and names an old one of root and a backup of root in it', () => {
  const to = join(folder, 'backups')
  expect(backup(to)).toMatchObject({ status: 0 })
  const old = join(to, 'centre-20200101T000000Z')
  mkdirSync(old, { mode: 0o700 })
  for (const [closed, change] of [
    [old, () => undefined],
    [to, () => chownSync(to, 0, 0)],
  ] as const) {
    change()
    const { status, stderr } = backup(to)
    expect(status).toBe(2)
    expect(stderr).toContain(`chown -R ${uid}: ${closed}`)
    expect(stderr).toContain(`uid=${uid}`)
  }
  expect(readdirSync(to).some((name) => name.endsWith('.unfinished'))).toBe(false)
})

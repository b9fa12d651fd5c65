// Does a centre notice that its folder of pictures is not the one that the other centres of its town use?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isTownFolder } from '../../../../centre/cluster/town-folder.ts'
import { filesFolderOf } from '../../../../centre/config/files-folder.ts'
import { parseCentreConfig } from '../../../../centre/config/config.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gengfu-shared-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const logger = pino({ level: 'silent' })
const url = 'postgres://gengfu@127.0.0.1/town'

function createSecrets() {
  const secrets = new Map<string, string>()
  return {
    keepSecret: async (name: string, fresh: string) => {
      if (!secrets.has(name)) secrets.set(name, fresh)
      return secrets.get(name) ?? fresh
    },
  }
}

it('the first centre gives the folder its name, and others know it by that', async () => {
  const storage = createSecrets()
  const at = (dataDir: string, sharedDir?: string) => {
    const shared = sharedDir === undefined ? {} : { sharedDir: join(root, sharedDir) }
    const folder = filesFolderOf({ dataDir: join(root, dataDir), storage: { url, ...shared } })
    return { isClustered: true, folder, storage, logger }
  }
  expect(await isTownFolder(at('one', 'shared'))).toBe(true)
  expect(await isTownFolder(at('two', 'shared'))).toBe(true)
  // A folder of its own, and a place where the shared one is not mounted.
  expect(await isTownFolder(at('three'))).toBe(false)
  expect(await isTownFolder(at('four', 'not-mounted'))).toBe(false)
  expect(await isTownFolder(at('one', 'shared'))).toBe(true)
})

it('a folder that the database can not be asked about is not the one of the town, and stops nothing', async () => {
  const storage = { keepSecret: () => Promise.reject(new Error('no primary')) }
  expect(await isTownFolder({ isClustered: true, folder: join(root, 'five'), storage, logger })).toBe(false)
})

it('over SQLite the folder is always right, and a shared one is refused', async () => {
  const config = { dataDir: root, storage: { url: 'sqlite:' } }
  const own = { isClustered: false, folder: root, storage: createSecrets(), logger }
  expect(await isTownFolder(own)).toBe(true)
  expect(filesFolderOf(config)).toBe(root)
  const parsed = parseCentreConfig({ dataDir: root, storage: { url: 'sqlite:', sharedDir: root } })
  expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toEqual(['storage.sharedDir'])
})

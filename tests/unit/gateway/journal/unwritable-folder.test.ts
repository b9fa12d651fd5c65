// Does a box whose card takes no writes work on a copy in memory that is whole or says what it lacks, and go back once the card works?
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseGatewayConfig } from '../../../../gateway/config/config.ts'
import {
  copyBytesMax,
  copyToMemory,
  findUnwritable,
  openDataFolder,
} from '../../../../gateway/journal/unwritable-folder.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gengfu-unwritable-'))
  folder = join(root, 'data')
  mkdirSync(folder)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('finds nothing wrong with a folder that takes writes, makes a missing one, and leaves no file behind', () => {
  expect(findUnwritable(folder)).toBeUndefined()
  expect(findUnwritable(join(root, 'new/deep'))).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})

it('leaves a wrong path to the installer: that is no fault of the card', () => {
  writeFileSync(join(root, 'file'), '')
  expect(findUnwritable(join(root, 'file'))).toBeUndefined()
})

it('names the reason where the folder can not be written for another cause', () => {
  expect(findUnwritable(join(root, 'x'.repeat(300)))).toContain('ENAMETOOLONG')
})

it('copies the journal and what else a start needs, without locks and reserves, and removes the copies of earlier runs', () => {
  for (const name of [
    'journal.db',
    'journal.db-wal',
    'journal.epoch',
    'accounts.json',
    'reserve.bin',
    'box.lock',
  ])
    writeFileSync(join(folder, name), name)
  mkdirSync(join(folder, 'pictures'))
  const first = copyToMemory(folder, 'box-a', [root])
  const second = copyToMemory(folder, 'box-a', [root])
  expect(existsSync(first.folder)).toBe(false)
  expect(new Set(readdirSync(second.folder))).toEqual(
    new Set(['journal.db', 'journal.db-wal', 'journal.epoch', 'accounts.json']),
  )
  expect(readFileSync(join(second.folder, 'journal.db'), 'utf8')).toBe('journal.db')
  expect(second.missing).toEqual([])
  second.remove()
  expect(existsSync(second.folder)).toBe(false)
})

it('copies no part of a journal that is too large, and names what is missing', () => {
  for (const name of ['journal.db', 'journal.db-wal', 'accounts.json'])
    writeFileSync(join(folder, name), name)
  truncateSync(join(folder, 'journal.db-wal'), copyBytesMax)
  const copy = copyToMemory(folder, 'box-a', [root])
  expect(readdirSync(copy.folder)).toEqual(['accounts.json'])
  expect(new Set(copy.missing)).toEqual(new Set(['journal.db', 'journal.db-wal']))
})

it('takes the next place in memory where the first one does not exist', () => {
  const copy = copyToMemory(folder, 'box-a', [join(root, 'nowhere'), root])
  expect(copy.folder.startsWith(root)).toBe(true)
})

const configOf = (dataDir: string) => {
  const parsed = parseGatewayConfig(
    JSON.stringify({
      box: { id: 'box-a' },
      dataDir,
      mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true },
    }),
    root,
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.value
}

it('works on the folder itself while it takes writes', () => {
  const config = configOf(folder)
  const opened = openDataFolder({ config, clock: new VirtualClock(), logger: pino({ level: 'silent' }) })
  expect(opened.config).toBe(config)
  expect(opened.wrapJournal).toBeUndefined()
})

it('works on a copy while the folder takes none, with few pictures, and says when it takes them again', async () => {
  // The path leads to a name that no system takes, until the link leads elsewhere.
  const link = join(root, 'card')
  symlinkSync('x'.repeat(300), link)
  const linked = join(link, 'data')
  const clock = new VirtualClock()
  const opened = openDataFolder({ config: configOf(linked), clock, logger: pino({ level: 'silent' }) })
  try {
    expect(opened.config.dataDir).not.toBe(linked)
    expect(opened.config.pictures.quotaMegabytes).toBeLessThanOrEqual(16)
    expect(opened.wrapJournal).toBeDefined()
    let words = ''
    void opened.writable.then((reason) => (words = reason))
    clock.advance(60_000)
    await Promise.resolve()
    expect(words).toBe('')
    unlinkSync(link)
    symlinkSync(folder, link)
    clock.advance(60_000)
    await expect.poll(() => words).toContain('writes again')
  } finally {
    opened.close()
  }
  expect(existsSync(opened.config.dataDir)).toBe(false)
})

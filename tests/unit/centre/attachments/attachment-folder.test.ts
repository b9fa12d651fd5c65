// Is a file of a case on the disk under its SHA-256 alone, read only while it is what its name says, and never outside its folder?
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AttachmentFolder } from '../../../../centre/attachments/attachment-folder.ts'

const bytes = Buffer.from('a photo')
const sha256 = createHash('sha256').update(bytes).digest('hex')
let root: string
let folder: AttachmentFolder
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gengfu-attachments-'))
  folder = new AttachmentFolder(root)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('stores a file once under its hash, also when two send it, and leaves no part behind', async () => {
  await Promise.all([folder.put(sha256, bytes), folder.put(sha256, bytes)])
  expect(Buffer.from((await folder.read(sha256)) ?? [])).toEqual(bytes)
  expect(readdirSync(join(root, sha256.slice(0, 2)))).toEqual([sha256])
})

test('hands out nothing that is missing, or that is not what its name says', async () => {
  expect(await folder.read(sha256)).toBeUndefined()
  await folder.put(sha256, bytes)
  writeFileSync(join(root, sha256.slice(0, 2), sha256), 'another photo')
  expect(await folder.read(sha256)).toBeUndefined()
  await folder.drop(sha256)
  await folder.drop(sha256)
  expect(readdirSync(join(root, sha256.slice(0, 2)))).toEqual([])
})

test.each(['../../etc/passwd', '', sha256.toUpperCase(), `${sha256}/..`])(
  'refuses the name "%s"',
  async (name) => {
    await expect(folder.put(name, bytes)).rejects.toThrow('no attachment')
    await expect(folder.read(name)).rejects.toThrow('no attachment')
  },
)

test('has room on a disk that is not full, before its folder is there too', async () => {
  expect(await new AttachmentFolder(join(root, 'new')).hasRoom()).toBe(true)
})

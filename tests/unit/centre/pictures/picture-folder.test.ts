// Do pieces of a picture make one file without a gap, also after a restart, and do names and numbers of parts stay in bounds?
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { partsPerBoxMax, PictureFolder } from '../../../../centre/pictures/picture-folder.ts'

const box = 'upper-brook'
const whole = Buffer.from('0123456789')
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const sha256 = hashOf(whole)
const piece = (from: number, to: number) => ({ offset: from, part: whole.subarray(from, to) })
let root: string
let folder: PictureFolder
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gengfu-pictures-'))
  folder = new PictureFolder(root)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('appends what follows without a gap, whatever else comes, and answers how far it is', async () => {
  expect(await folder.append(box, sha256, [piece(4, 8)])).toBe(0)
  expect(await folder.append(box, sha256, [piece(0, 4), piece(6, 8)])).toBe(4)
  expect(await folder.append(box, sha256, [piece(2, 6), piece(0, 4), piece(6, 10)])).toBe(10)
  expect(await folder.progress(box, sha256)).toBe(10)
  expect(Buffer.from((await folder.readWhole(box, sha256)) ?? [])).toEqual(whole)
})

test('takes no part for the picture whose bytes are not those of its name', async () => {
  await folder.append(box, sha256, [{ offset: 0, part: Buffer.from('0123456780') }])
  expect(await folder.readWhole(box, sha256)).toBeUndefined()
})

test('reads a finished picture, and a file that a start finds without a row is a part again', async () => {
  await folder.append(box, sha256, [piece(0, 10)])
  await (
    await folder.finish(box, sha256)
  ).synced
  expect(Buffer.from((await folder.read(box, sha256)) ?? [])).toEqual(whole)
  expect(await folder.append(box, sha256, [piece(0, 10)])).toBe(10)
  expect(await folder.read(box, sha256)).toBeUndefined()
  expect(readdirSync(join(root, box))).toEqual([`${sha256}.part`])
})

test('reads nothing that is missing or was changed on the disk', async () => {
  expect(await folder.read(box, sha256)).toBeUndefined()
  await folder.append(box, sha256, [piece(0, 10)])
  await (
    await folder.finish(box, sha256)
  ).synced
  writeFileSync(join(root, box, `${sha256}.jpg`), 'changed')
  expect(await folder.read(box, sha256)).toBeUndefined()
})

test('keeps the parts of one box to their number: the oldest goes', async () => {
  const names = Array.from({ length: partsPerBoxMax + 1 }, (_, at) => hashOf(Buffer.from(`picture ${at}`)))
  for (const [at, name] of names.entries()) {
    await folder.append(box, name, [piece(0, 4)])
    utimesSync(join(root, box, `${name}.part`), at, at)
  }
  expect(new Set(readdirSync(join(root, box)))).toEqual(new Set(names.slice(1).map((name) => `${name}.part`)))
})

test('tidies old parts and files without a row, and nothing else', async () => {
  const [known, unknown] = [hashOf(Buffer.from('known')), hashOf(Buffer.from('unknown'))]
  const nowMs = Date.now()
  await folder.append(box, sha256, [piece(0, 4)])
  for (const name of [`${known}.jpg`, `${unknown}.jpg`]) writeFileSync(join(root, box, name), 'x')
  expect(await folder.tidy(box, new Set([known]), nowMs)).toBe(0)
  expect(await folder.tidy(box, new Set([known]), nowMs + 2 * 3_600_000)).toBe(1)
  expect(new Set(readdirSync(join(root, box)))).toEqual(new Set([`${known}.jpg`, `${sha256}.part`]))
  expect(await folder.tidy(box, new Set([known]), nowMs + 8 * 86_400_000)).toBe(1)
  expect(await folder.boxes()).toEqual([box])
})

test.each([
  ['../other', sha256],
  [box, '../../passwd'],
  [box, sha256.toUpperCase()],
])('refuses the path %s/%s', async (one, name) => {
  await expect((async () => folder.append(one, name, [piece(0, 4)]))()).rejects.toThrow('no picture')
})

// Does a centre take a release only when it is whole, of the version asked for, signed by a trusted key and not expired, or none of it?
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { releaseFolderOf, takeRelease } from '../../../../centre/updates/release-folder.ts'
import { parseMinisignKeys } from '../../../../platform/releases/minisign.ts'
import { manifestNameOf, signatureNameOf } from '../../../../protocols/releases/release-manifest.ts'
import { createSigner } from '../../../kits/system/release-bench.ts'

const signer = createSigner()
const nowMs = Date.UTC(2026, 5, 1)
const archive = Buffer.from('an archive')
let root: string
let from: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gengfu-release-'))
  from = join(root, 'from')
  folder = releaseFolderOf(root)
  mkdirSync(from)
  offer('amd64')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function offer(architecture: 'amd64' | 'arm64', change: object = {}, by = signer): void {
  const name = `gengfu-1.1.0-${architecture}.tar.xz`
  const manifest = JSON.stringify({
    v: 1,
    product: 'gengfu',
    version: '1.1.0',
    architecture,
    lowestVersion: '1.0.0',
    signedAt: '2026-05-01T00:00:00Z',
    expiresAt: '2027-05-01T00:00:00Z',
    archive: { name, bytes: archive.length, sha256: createHash('sha256').update(archive).digest('hex') },
    ...change,
  })
  const file = manifestNameOf('1.1.0', architecture)
  writeFileSync(join(from, name), archive)
  writeFileSync(join(from, file), manifest)
  writeFileSync(join(from, signatureNameOf(file)), by.sign(Buffer.from(manifest)))
}
const take = async () => {
  const keys = parseMinisignKeys(signer.publicKey)
  if (!keys.ok) throw new Error('key')
  return takeRelease(from, '1.1.0', keys.value, folder, nowMs)
}

test('copies archive, manifest and signature, and names them the newest', async () => {
  expect(await take()).toMatchObject({ ok: true, value: [{ version: '1.1.0', architecture: 'amd64' }] })
  expect(new Set(readdirSync(folder))).toEqual(
    new Set([
      'gengfu-1.1.0-amd64.tar.xz',
      'gengfu-1.1.0-amd64.json',
      'gengfu-1.1.0-amd64.json.minisig',
      'gengfu-newest-amd64.json',
      'gengfu-newest-amd64.json.minisig',
    ]),
  )
})

test.each<[string, () => void, RegExp]>([
  ['was signed by another key', () => offer('amd64', {}, createSigner()), /gengfu-1\.1\.0-amd64\.json: /],
  ['describes another version', () => offer('amd64', { version: '1.2.0' }), /describes version 1\.2\.0/],
  ['has expired', () => offer('amd64', { expiresAt: '2026-05-02T00:00:00Z' }), /expired at 2026-05-02/],
  [
    'has another archive',
    () => writeFileSync(join(from, 'gengfu-1.1.0-amd64.tar.xz'), 'x'),
    /not the archive/,
  ],
  ['lacks its archive', () => rmSync(join(from, 'gengfu-1.1.0-amd64.tar.xz')), /is missing in/],
  [
    'lacks its manifest',
    () => rmSync(join(from, 'gengfu-1.1.0-amd64.json')),
    /has no gengfu-1\.1\.0-amd64\.json/,
  ],
  ['has a bad second architecture', () => offer('arm64', {}, createSigner()), /arm64/],
])('takes nothing of a release that %s', async (_name, change, words) => {
  change()
  const taken = await take()
  expect(taken.ok ? '' : taken.problems[0]?.message).toMatch(words)
  expect(readdirSync(folder)).toEqual([])
})

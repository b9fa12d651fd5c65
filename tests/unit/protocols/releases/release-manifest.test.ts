// Does a machine take a release only when it is meant for it, newer, and still valid?
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
import {
  judgeManifest,
  parseReleaseManifest,
  type ReleaseManifest,
} from '../../../../protocols/releases/release-manifest.ts'
import { compareVersions } from '../../../../protocols/releases/version-order.ts'

const manifest: ReleaseManifest = {
  v: 1,
  product: 'gengfu',
  version: '1.2.0',
  architecture: 'arm64',
  lowestVersion: '1.1.0',
  signedAt: '2026-11-01T00:00:00Z',
  expiresAt: '2027-02-01T00:00:00Z',
  archive: { name: 'gengfu-1.2.0-arm64.tar.xz', bytes: 45_000_000, sha256: 'a'.repeat(64) },
}
const receiver = { architecture: 'arm64', running: '1.1.3', nowMs: Date.UTC(2026, 10, 30) } as const
const pathsOf = (part: Partial<ReleaseManifest>, at: Partial<typeof receiver> = {}): string[] => {
  const judged = judgeManifest({ ...manifest, ...part }, { ...receiver, ...at } as typeof receiver)
  return judged.ok ? [] : judged.problems.map(({ path }) => path)
}

it('is read as it was written, and a later key in it is no fault', () => {
  expect(parseReleaseManifest(encodeJson({ ...manifest, notes: 'x' }))).toEqual({ ok: true, value: manifest })
})

it.each([
  ['a path as the name of the archive', { archive: { ...manifest.archive, name: '../passwd' } }],
  ['a version with words', { version: 'latest' }],
  ['a hash that is none', { archive: { ...manifest.archive, sha256: 'x' } }],
  ['a day that is none', { expiresAt: 'soon' }],
  ['an archive that fills the card', { archive: { ...manifest.archive, bytes: 1e12 } }],
])('%s is refused', (_what, part) => {
  expect(parseReleaseManifest(encodeJson({ ...manifest, ...part })).ok).toBe(false)
})

it('never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.json(), (bytes, json) => {
      expect(parseReleaseManifest(bytes).ok).toBe(false)
      expect(parseReleaseManifest(Buffer.from(json)).ok).toBe(false)
    }),
  )
})

describe('a release', () => {
  it('that is newer, for this machine and still valid is taken', () => {
    expect(pathsOf({})).toEqual([])
  })

  it.each([
    ['for another product', { product: 'else' }, {}, ['product']],
    ['for another architecture', { architecture: 'amd64' }, {}, ['architecture']],
    ['that runs already', {}, { running: '1.2.0' }, ['version']],
    ['older than the one that runs (a downgrade)', {}, { running: '1.3.0' }, ['version']],
    ['that needs a step between', {}, { running: '1.0.9' }, ['lowestVersion']],
    ['past its day (a freeze)', {}, { nowMs: Date.UTC(2027, 1, 2) }, ['expiresAt']],
    ['at a box whose clock stands at 1970', {}, { nowMs: 1000 }, ['signedAt']],
    ['beside a version without an order', {}, { running: 'local' }, ['version']],
  ] as const)('%s is refused', (_what, part, at, paths) => {
    expect(pathsOf(part as Partial<ReleaseManifest>, at as Partial<typeof receiver>)).toEqual(paths)
  })
})

it('versions are ordered as Semantic Versioning has it', () => {
  const ordered = [
    '0.9.12',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-rc.2',
    '1.0.0-rc.11',
    '1.0.0',
    '1.0.10',
    '1.2.0',
    '10.0.0',
  ]
  for (const [i, a] of ordered.entries())
    for (const [k, b] of ordered.entries()) expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(i - k))
})

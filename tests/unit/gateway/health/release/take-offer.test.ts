// Does root stage exactly what the makers signed for this machine, whatever the program that offers it does?
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseMinisignKeys } from '../../../../../platform/releases/minisign.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'
import type { ReleaseManifest } from '../../../../../protocols/releases/release-manifest.ts'
import {
  checkRelease,
  fetchRelease,
  offerNames,
} from '../../../../../gateway/health/release/fetch-release.ts'
import { openReleaseSource } from '../../../../../gateway/health/release/release-source.ts'
import { placeOffer, readAnswer, takeOffer } from '../../../../../gateway/health/release/take-offer.ts'
import { createSigner, ReleaseBench } from '../../../../kits/system/release-bench.ts'

const clock = createSystemClock()
let bench: ReleaseBench
let offer: string
beforeEach(() => {
  bench = new ReleaseBench()
  bench.install('1.0.0')
  offer = join(bench.data, 'release/offer')
})
afterEach(() => bench.close())

const keys = () => {
  const parsed = parseMinisignKeys(readFileSync(bench.keyFile, 'utf8'))
  return parsed.ok ? parsed.value : []
}
const receiver = () => ({ architecture: 'amd64' as const, running: bench.current(), nowMs: clock.wallMs() })

async function fetchInto(version = 'newest'): Promise<string | undefined> {
  const source = openReleaseSource(bench.offered)
  const release = await checkRelease({ source, keys: keys(), version, ...receiver() })
  if (!release.ok) return release.problems[0]?.message
  const options = { source, release: release.value, folder: offer, clock, isUrgent: true }
  const fetched = await fetchRelease({ ...options, signal: new AbortController().signal })
  if (!fetched.ok) return fetched.problems[0]?.message
  placeOffer(offer, fetched.value.version)
  return undefined
}

const take = (isByHand = false): string => {
  const { root, releaseScript } = bench
  const taken = takeOffer({ offer, root, releaseScript, keys, receiver, isByHand })
  return taken.ok ? taken.value.version : (taken.problems[0]?.message ?? '')
}

it('a signed newer release is staged beside the one that runs, on trial, and the offer is gone', async () => {
  bench.offer('1.1.0')
  expect(await fetchInto()).toBeUndefined()
  expect(take()).toBe('1.1.0')
  expect(bench.current()).toBe('1.1.0')
  expect(readFileSync(join(bench.root, 'trial'), 'utf8')).toContain('previous=1.0.0')
  expect(readAnswer(bench.root)).toEqual({ version: '1.1.0', isStaged: true, reason: '' })
  expect(existsSync(join(offer, 'ready'))).toBe(false)
  expect(existsSync(join(offer, offerNames.archive))).toBe(false)
  expect(existsSync(join(bench.root, '.offer'))).toBe(false)
})

it('a version that this box went back from is staged again by a person only', async () => {
  for (const version of ['1.1.0', '1.2.0']) {
    bench.offer(version)
    await fetchInto(version)
    expect(take()).toBe(version)
    bench.release('before-start')
    writeFileSync(join(bench.data, 'release/failed'), `${version}\nno Receipt\n`)
    bench.release('before-start')
    expect(bench.current()).toBe('1.0.0')
  }
  // Asked for in turn: the earlier one is known too.
  await fetchInto('1.1.0')
  expect(take()).toContain('went back from 1.1.0')
  expect(bench.current()).toBe('1.0.0')
  await fetchInto('1.1.0')
  expect(take(true)).toBe('1.1.0')
})

describe('nothing is fetched', () => {
  it.each<[string, string, Partial<ReleaseManifest>, string]>([
    ['of an older version', '0.9.0', {}, 'not newer'],
    ['of a release past its day', '1.1.0', { expiresAt: '2021-01-01T00:00:00Z' }, 'expired'],
    ['of another product', '1.1.0', { product: 'other' }, 'not for gengfu'],
    ['that needs a version between', '2.0.0', { lowestVersion: '1.5.0' }, '1.5.0 first'],
  ])('%s', async (_what, version, change, words) => {
    bench.offer(version, change)
    expect(await fetchInto()).toContain(words)
    expect(existsSync(offer)).toBe(false)
  })

  it('of another version than the one that was asked for', async () => {
    bench.offer('1.1.0')
    const [had, asked] = ['1.1.0', '1.2.0'].map((version) =>
      join(bench.offered, `gengfu-${version}-amd64.json`),
    )
    for (const end of ['', '.minisig']) renameSync(`${had}${end}`, `${asked}${end}`)
    expect(await fetchInto('1.2.0')).toContain('is the manifest of 1.1.0')
    expect(existsSync(offer)).toBe(false)
  })

  it('of a signer who is not trusted', async () => {
    bench.offer('1.1.0', {}, createSigner())
    expect(await fetchInto()).toContain('does not trust')
  })

  it('as whole when the archive is another than the signed one', async () => {
    const { archive } = bench.offer('1.1.0')
    writeFileSync(join(bench.offered, archive.name), 'x'.repeat(archive.bytes))
    expect(await fetchInto()).toContain('not the archive')
    expect(existsSync(join(offer, 'ready'))).toBe(false)
  })
})

describe('a program that was taken over gets root to', () => {
  const refused = async (spoil: () => void): Promise<string> => {
    bench.offer('1.1.0')
    await fetchInto()
    spoil()
    const words = take()
    expect(bench.current()).toBe('1.0.0')
    expect(readAnswer(bench.root)).toMatchObject({ isStaged: false, reason: words })
    expect(existsSync(join(offer, 'ready'))).toBe(false)
    return words
  }

  it('stage no archive of its own', async () => {
    expect(await refused(() => writeFileSync(join(offer, offerNames.archive), 'own'))).toContain(
      'not the archive',
    )
  })

  it('copy no endless archive', async () => {
    const file = join(offer, offerNames.archive)
    const words = await refused(() =>
      writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(10)])),
    )
    expect(words).toContain('longer')
  })

  it('take no manifest of its own', async () => {
    const file = join(offer, offerNames.manifest)
    const words = await refused(() =>
      writeFileSync(file, readFileSync(file, 'utf8').replace('1.1.0', '1.1.1')),
    )
    expect(words).toContain('does not fit')
  })

  it('read no file through a link', async () => {
    const file = join(offer, offerNames.archive)
    const words = await refused(() => {
      renameSync(file, `${file}.own`)
      symlinkSync(`${file}.own`, file)
    })
    expect(words).toContain('ELOOP')
  })

  it('be called again for ever by a folder in the place of the mark', async () => {
    const words = await refused(() => {
      rmSync(join(offer, 'ready'))
      mkdirSync(join(offer, 'ready/deep'), { recursive: true })
      writeFileSync(join(offer, offerNames.manifest), '')
    })
    expect(words).toContain('does not fit')
  })

  it('wait at no pipe', async () => {
    const file = join(offer, offerNames.archive)
    const words = await refused(() => {
      renameSync(file, `${file}.own`)
      execFileSync('mkfifo', [file])
    })
    expect(words).toContain('no file')
  })
})

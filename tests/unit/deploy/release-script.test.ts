// The script that keeps the versions of a box: does every update end in a version that runs, and which one?
// `sync` is a program that does nothing here: power cuts are played by files as they would be left, or by a program that fails.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { confirmRelease } from '../../../centre/config/confirm-release.ts'
import { ReleaseFiles, readTrial } from '../../../gateway/health/release/release-files.ts'

const script = new URL('../../../deploy/package/release.sh', import.meta.url).pathname
let folder: string
let root: string
let notes: ReleaseFiles

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-release-'))
  root = join(folder, 'opt')
  notes = new ReleaseFiles(join(folder, 'data'))
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/sync'), '#!/bin/sh\n', { mode: 0o755 })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const env = () => ({
  ...process.env,
  PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  GENGFU_ROOT: root,
  GENGFU_NOTES: join(folder, 'data/release'),
})
/** With the umask of the unit, which would hide what is written from the program. */
const release = (...args: string[]) =>
  spawnSync('sh', ['-c', 'umask 077; exec sh "$0" "$@"', script, ...args], { encoding: 'utf8', env: env() })
/** The named programs fail from the step whose number is in the file `steps`, as the power does; 0 means never. */
function breakAt(...programs: string[]): () => void {
  const files = programs.map((name) => join(folder, 'bin', name))
  for (const [i, name] of programs.entries()) {
    const real = name === 'sync' ? 'true' : `PATH='${process.env['PATH']}' exec ${name} "$@"`
    const lines = [
      `read -r left <'${folder}/steps'`,
      `[ "$left" = 1 ] && exit 1`,
      `[ "$left" = 0 ] || echo $((left - 1)) >'${folder}/steps'`,
      real,
    ]
    writeFileSync(files[i] ?? '', `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
  }
  return () => files.forEach((file) => rmSync(file))
}
const current = (): string => readlinkSync(join(root, 'current')).replace('releases/', '')
const kept = (): string[] => readdirSync(join(root, 'releases')).sort()
const start = (): string => {
  const { status, stderr } = release('before-start')
  if (status !== 0) throw new Error(stderr)
  return current()
}

function stage(version: string): void {
  const tree = join(folder, `tree-${version}`)
  mkdirSync(tree, { recursive: true })
  writeFileSync(join(tree, 'release.json'), JSON.stringify({ version }))
  const archive = join(folder, `${version}.tar.xz`)
  execFileSync('tar', ['-cJf', archive, '-C', tree, '.'])
  const { status, stderr } = release('stage', version, archive)
  if (status !== 0) throw new Error(stderr)
}

describe('a first version', () => {
  it('starts without a trial: there is nothing to go back to', () => {
    stage('1.0.0')
    expect(start()).toBe('1.0.0')
    expect(existsSync(join(root, 'trial'))).toBe(false)
  })

  it('is refused when the archive is none, or the version is a path', () => {
    const file = join(folder, 'text')
    writeFileSync(file, 'no archive')
    expect(release('stage', '1.0.0', file).status).not.toBe(0)
    expect(release('stage', '../1.0.0', file).status).toBe(2)
    expect(existsSync(join(root, 'current'))).toBe(false)
  })

  it('is installed although a power cut ended the first attempt while it was unpacked', () => {
    mkdirSync(join(root, 'releases/.part'), { recursive: true })
    writeFileSync(join(root, 'releases/.part/half'), '')
    stage('1.0.0')
    expect(start()).toBe('1.0.0')
    expect(readdirSync(join(root, 'releases/1.0.0'))).toEqual(['release.json'])
  })
})

describe('a new version', () => {
  beforeEach(() => {
    stage('1.0.0')
    start()
    stage('1.1.0')
  })

  it('is on trial, and the program can read that it is', () => {
    expect(start()).toBe('1.1.0')
    expect(readTrial(join(root, 'releases/1.1.0'))).toEqual({ version: '1.1.0', previous: '1.0.0' })
    expect(readTrial(join(root, 'releases/1.0.0'))).toBeUndefined()
    expect(kept()).toEqual(['1.0.0', '1.1.0'])
  })

  it('can be read by the program, which is another user: the trial, the release and why one went back', () => {
    const mode = (...names: string[]): string => (statSync(join(root, ...names)).mode & 0o777).toString(8)
    stage('1.0.0')
    stage('1.1.0')
    start()
    expect([mode('trial'), mode('releases'), mode('releases', '1.1.0', 'release.json')]).toEqual([
      '644',
      '755',
      '644',
    ])
    for (let starts = 0; starts < 4; starts++) start()
    expect(mode('went-back')).toBe('644')
  })

  it('that proves nothing in three starts goes back, and says so', () => {
    expect([start(), start(), start(), start()]).toEqual(['1.1.0', '1.1.0', '1.1.0', '1.0.0'])
    expect(readFileSync(join(root, 'went-back'), 'utf8')).toMatch(/^1\.1\.0\nit started 3 times/)
    expect(start()).toBe('1.0.0')
    expect(release('status').stdout).toMatch(/went-back=1\.1\.0 it started 3 times/)
  })

  it('that says it failed goes back at the next start, with its reason', () => {
    start()
    notes.say('failed', '1.1.0', 'console: it has not started')
    expect(start()).toBe('1.0.0')
    expect(readFileSync(join(root, 'went-back'), 'utf8')).toMatch(/^1\.1\.0\nconsole: it has not started\n/)
  })

  it('that is proven survives any number of power cuts without a link, beside the old one', () => {
    start()
    notes.say('proven', '1.1.0')
    for (let cut = 0; cut < 10; cut++) expect(start()).toBe('1.1.0')
    expect(kept()).toEqual(['1.0.0', '1.1.0'])
  })

  it('that is confirmed ends the trial; the version before stays, older ones go', () => {
    start()
    notes.say('confirmed', '1.1.0')
    expect(start()).toBe('1.1.0')
    expect(existsSync(join(root, 'trial'))).toBe(false)
    stage('1.2.0')
    start()
    notes.say('confirmed', '1.2.0')
    start()
    expect(kept()).toEqual(['1.1.0', '1.2.0'])
  })

  it('of a centre is confirmed by a centre that listens, and never goes back', () => {
    start()
    confirmRelease(join(folder, 'data'), join(root, 'releases/1.1.0/dist/centre/config/confirm-release.js'))
    for (let times = 0; times < 5; times++) expect(start()).toBe('1.1.0')
    confirmRelease(join(folder, 'elsewhere'))
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
  })

  it('opens no pipe and no link that the program left in the place of its word, and keeps control characters out', () => {
    start()
    mkdirSync(join(folder, 'data/release'), { recursive: true })
    const failed = join(folder, 'data/release/failed')
    execFileSync('mkfifo', [failed])
    expect(start()).toBe('1.1.0')
    rmSync(failed)
    writeFileSync(join(folder, 'secret'), '1.1.0\nof root\n')
    symlinkSync(join(folder, 'secret'), failed)
    expect(start()).toBe('1.1.0')
    rmSync(failed)
    writeFileSync(failed, '1.1.0\n\u001b[2Jgone\n')
    expect(start()).toBe('1.0.0')
    expect(readFileSync(join(root, 'went-back'), 'utf8')).toMatch(/^1\.1\.0\n\[2Jgone\n/)
    expect(readFileSync(join(root, 'went-back-from'), 'utf8')).toBe('1.1.0\n')
  })

  it('takes no word of another version for its own', () => {
    notes.say('confirmed', '1.0.0')
    expect([start(), start(), start(), start()].at(-1)).toBe('1.0.0')
  })

  it('that is confirmed and was not started since is the one to go back to', () => {
    start()
    notes.say('confirmed', '1.1.0')
    stage('1.2.0')
    expect(kept()).toEqual(['1.1.0', '1.2.0'])
    expect([start(), start(), start(), start()]).toEqual(['1.2.0', '1.2.0', '1.2.0', '1.1.0'])
  })

  it('staged while another is on trial goes back to the confirmed one', () => {
    start()
    stage('1.2.0')
    expect([start(), start(), start(), start()]).toEqual(['1.2.0', '1.2.0', '1.2.0', '1.0.0'])
  })

  it('is not judged before it has started: not by its failure, and not by its confirmation', () => {
    notes.say('failed', '1.1.0', 'broken')
    expect(start()).toBe('1.1.0')
    stage('1.2.0')
    notes.say('confirmed', '1.2.0')
    expect([start(), start(), start(), start()]).toEqual(['1.2.0', '1.2.0', '1.2.0', '1.0.0'])
  })

  it('is not confirmed by an old note before it has started: the version before is the one to go back to', () => {
    notes.say('confirmed', '1.1.0')
    stage('1.2.0')
    expect([start(), start(), start(), start()]).toEqual(['1.2.0', '1.2.0', '1.2.0', '1.0.0'])
  })

  it('starts although the program left folders in the place of its notes', () => {
    for (const name of ['proven', 'confirmed', 'failed'])
      mkdirSync(join(folder, 'data/release', name, 'inner'), { recursive: true })
    expect(start()).toBe('1.1.0')
    expect(readdirSync(join(folder, 'data/release'))).toEqual([])
    notes.say('confirmed', '1.1.0')
    start()
    expect(existsSync(join(root, 'trial'))).toBe(false)
  })

  it('for which there is no room is refused, and what runs stays', () => {
    writeFileSync(join(folder, 'bin/df'), '#!/bin/sh\necho Avail\necho 1000000\n', { mode: 0o755 })
    expect(() => stage('1.2.0')).toThrow(/32 MB of free room are needed/)
    expect(kept()).toEqual(['1.0.0', '1.1.0'])
    expect(start()).toBe('1.1.0')
  })

  it('makes room for itself: a version that went back is gone when the next one comes', () => {
    expect([start(), start(), start(), start()].at(-1)).toBe('1.0.0')
    stage('1.2.0')
    expect(kept()).toEqual(['1.0.0', '1.2.0'])
  })

  it('can be staged again after it went back', () => {
    start()
    notes.say('failed', '1.1.0', 'broken')
    start()
    stage('1.1.0')
    expect(start()).toBe('1.1.0')
  })
})

describe('a power cut', () => {
  beforeEach(() => {
    stage('1.0.0')
    start()
  })

  it('between the note of the trial and the link leaves the old version, without a trial', () => {
    writeFileSync(join(root, 'trial'), 'version=1.1.0\nprevious=1.0.0\nstarts=0\n')
    expect(start()).toBe('1.0.0')
    expect(existsSync(join(root, 'trial'))).toBe(false)
  })

  it('while a version goes back leaves it known as one that failed, whenever it comes', () => {
    stage('1.1.0')
    start()
    notes.say('failed', '1.1.0', 'broken')
    const remove = breakAt('sync', 'mv', 'ln', 'rm')
    const left: string[] = []
    for (let step = 1; ; step++) {
      cpSync(root, `${root}.before`, { recursive: true, verbatimSymlinks: true })
      writeFileSync(join(folder, 'steps'), `${step}\n`)
      const isWhole = release('before-start').status === 0
      left.push(current())
      if (isWhole) break
      const wentBackFrom = join(root, 'went-back-from')
      const noted = existsSync(wentBackFrom) ? readFileSync(wentBackFrom, 'utf8') : ''
      expect([current(), noted]).toBeOneOf([
        ['1.1.0', noted],
        ['1.0.0', '1.1.0\n'],
      ])
      // The power is back: the next start ends at the version before, and both files have the version.
      writeFileSync(join(folder, 'steps'), '0\n')
      expect(start()).toBe('1.0.0')
      expect(readFileSync(wentBackFrom, 'utf8')).toBe('1.1.0\n')
      expect(readFileSync(join(root, 'went-back'), 'utf8')).toMatch(/^1\.1\.0\nbroken\n/)
      expect(existsSync(join(root, 'trial'))).toBe(false)
      rmSync(root, { recursive: true })
      renameSync(`${root}.before`, root)
    }
    remove()
    expect(left.length).toBeGreaterThan(8)
    expect(new Set(left)).toEqual(new Set(['1.1.0', '1.0.0']))
  })

  it('while a version is unpacked leaves no half version that could start', () => {
    mkdirSync(join(root, 'releases/.part'))
    writeFileSync(join(root, 'releases/.part/half'), '')
    stage('1.1.0')
    expect(start()).toBe('1.1.0')
    expect(readdirSync(join(root, 'releases/1.1.0'))).toEqual(['release.json'])
  })

  it('that took the link or the current version leaves one that runs', () => {
    stage('1.1.0')
    rmSync(join(root, 'releases/1.1.0/release.json'))
    expect(start()).toBe('1.0.0')
    rmSync(join(root, 'current'))
    expect(start()).toBe('1.0.0')
  })
})

describe('whether the version before had a link', () => {
  it('counts only as that version said it', () => {
    notes.say('had-link', '1.0.0', 'yes')
    expect([notes.hadLink('1.0.0'), notes.hadLink('0.9.0')]).toEqual([true, false])
    notes.say('had-link', '1.0.0', 'no')
    expect(notes.hadLink('1.0.0')).toBe(false)
  })
})

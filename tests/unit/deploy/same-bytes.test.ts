// Are two packages from one tree the same bytes?
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { makeDebianPackage, products } from '../../../deploy/package/debian-package.ts'
import { packTree } from '../../../deploy/package/release-tree.ts'

const project = fileURLToPath(new URL('../../..', import.meta.url))
const epoch = 1_700_000_000

it('two packages of one tree are the same bytes, whenever and in whatever order its files were written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-bytes-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const build = (name: string, files: readonly string[], atS: number): Buffer[] => {
    const [tree, work] = [join(folder, name, 'tree'), join(folder, name, 'out')]
    for (const made of [tree, work]) mkdirSync(made, { recursive: true })
    for (const file of files) {
      writeFileSync(join(tree, file), `content of ${file}\n`)
      utimesSync(join(tree, file), atS, atS)
    }
    const archive = join(work, 'release.tar.xz')
    packTree(tree, archive, epoch, 0)
    return products.map((product) => {
      const options = { project, work, product, architecture: 'arm64' as const, version: '0.1.0' }
      return readFileSync(makeDebianPackage({ ...options, epoch, archive, out: work }))
    })
  }
  const first = build('first', ['a', 'b', 'release.json'], 1_600_000_000)
  const second = build('second', ['release.json', 'b', 'a'], 1_650_000_000)
  expect(first.map((bytes, at) => bytes.equals(second[at] ?? Buffer.alloc(0)))).toEqual([true, true])
  const fields = execFileSync('dpkg-deb', ['--field', join(folder, 'first/out/gengfu_0.1.0_arm64.deb')])
  expect(fields.toString()).toMatch(/^Package: gengfu\nVersion: 0\.1\.0\nArchitecture: arm64\n/)
})

// Does Debian's own check of packages find nothing in ours? The archive inside is a small one: lintian does not look into it.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeDebianPackage, products, type Product } from '../../../deploy/package/debian-package.ts'
import { packTree } from '../../../deploy/package/release-tree.ts'

const project = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'gengfu-lintian-'))
const archive = join(folder, 'release.tar.xz')
beforeAll(() => {
  const tree = join(folder, 'tree')
  mkdirSync(tree)
  writeFileSync(join(tree, 'release.json'), '{}\n')
  packTree(tree, archive, 1_700_000_000, 0)
})
afterAll(() => rmSync(folder, { recursive: true }))

const findingsIn = (product: Product): string => {
  const options = { project, work: folder, product, architecture: 'amd64' as const, version: '0.1.0' }
  const file = makeDebianPackage({ ...options, epoch: 1_700_000_000, archive, out: folder })
  // On the error output it only warns of root's rights.
  const { stdout, error } = spawnSync('lintian', ['--no-cfg', '--tag-display-limit', '0', file], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  if (error) throw error
  return stdout
}

it.each(products.map((product) => [product.name, product] as const))(
  'finds nothing in %s',
  { timeout: 240_000 },
  (_name, product) => expect(findingsIn(product)).toBe(''),
)

it('twin: finds a fault of a description', { timeout: 240_000 }, () => {
  const [product] = products
  if (!product) throw new Error('no product')
  expect(findingsIn({ ...product, summary: 'a gateway of a village' })).toContain('synopsis')
})

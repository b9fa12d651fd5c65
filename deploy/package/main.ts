// `npm run package`: Debian packages of the box and of the centre for both architectures, and the archives inside them.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError, Option } from 'commander'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { print, printProblem } from '../../platform/terminal.ts'
import { makeDebianPackage, products } from './debian-package.ts'
import { signManifest, writeManifest } from './release-manifest.ts'
import { makeReleaseTree, packTree, type Architecture } from './release-tree.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))
const printStep = (text: string): void => void printProblem(`package: ${text}\n`)

interface Flags {
  arch: Architecture | 'all'
  program: 'gateway' | 'centre' | 'all'
  out: string
  version?: string
  compression: number
  lowest: string
  days: number
  signKey?: string
}

const count = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('1 to 9999')
  return Number(text)
}
const level = (text: string): number => {
  if (!/^[0-9]$/.test(text)) throw new InvalidArgumentError('0 to 9')
  return Number(text)
}

const flags = new Command('npm run package --')
  .description('Debian packages with their own Node: gengfu (box) and gengfu-centre\n制作 Debian 安装包')
  .addOption(
    new Option('--arch <name>', 'architecture 架构').choices(['amd64', 'arm64', 'all']).default('all'),
  )
  .addOption(
    new Option('--program <name>', 'program 程序').choices(['gateway', 'centre', 'all']).default('all'),
  )
  .option('--out <folder>', 'where to put them 输出目录', join(project, 'packages'))
  .option('--version <version>', 'another version than that of package.json 版本号')
  .option(
    '--lowest <version>',
    'the lowest version that may go straight to this one 可直接升级的最低版本',
    '0.1.0',
  )
  .option('--days <count>', 'the release may be installed for so long 发布有效天数', count, 180)
  .option('--sign-key <file>', 'secret key of minisign: signs the manifests 签名私钥')
  .option('--compression <level>', 'of xz, 0 (quick) to 9 压缩级别', level, 6)
  .addHelpText('after', '\n32-bit ARM has no package: Node 24 and SQLite come without binaries for it.')
  .parse()
  .opts<Flags>()

const own = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string }
const version = flags.version ?? own.version
const epoch = Number(
  execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: project, encoding: 'utf8' }).trim(),
)
const work = join(flags.out, '.work')
mkdirSync(work, { recursive: true })
const made: string[] = []
for (const architecture of ['amd64', 'arm64'] as const) {
  if (flags.arch !== 'all' && flags.arch !== architecture) continue
  const tree = makeReleaseTree({ project, work, architecture, version, report: printStep })
  const list = join(flags.out, `gengfu-${version}-${architecture}.cdx.json`)
  cpSync(join(tree, 'sbom.cdx.json'), list)
  made.push(list)
  const archive = join(flags.out, `gengfu-${version}-${architecture}.tar.xz`)
  printStep(`packing the release for ${architecture}`)
  packTree(tree, archive, epoch, flags.compression)
  made.push(archive)
  const days = { lowestVersion: flags.lowest, days: flags.days, signedAtMs: createSystemClock().wallMs() }
  const manifest = writeManifest({ archive, architecture, version, out: flags.out, ...days })
  made.push(manifest)
  if (flags.signKey !== undefined) made.push(signManifest(manifest, flags.signKey))
  for (const product of products) {
    if (flags.program !== 'all' && flags.program !== product.program) continue
    printStep(`${product.name} for ${architecture}`)
    made.push(
      makeDebianPackage({ project, work, product, architecture, version, epoch, archive, out: flags.out }),
    )
  }
}
const sums = made.map((file) => {
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex')
  return `${sum}  ${file.slice(flags.out.length + 1)}\n`
})
writeFileSync(join(flags.out, 'SHA256SUMS'), sums.join(''))
print(sums.join(''))

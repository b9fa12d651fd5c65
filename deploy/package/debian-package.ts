// Wraps a release into a Debian package: the archive that the release script unpacks, units, documents, and the scripts of dpkg.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Architecture } from './release-tree.ts'

export interface Product {
  /** Name of the package and of its command. */
  name: 'gengfu' | 'gengfu-centre'
  program: 'gateway' | 'centre'
  root: string
  data: string
  unit: string
  /** Every unit that the package enables. */
  units: string
  summary: string
  description: readonly string[]
}

export const products: readonly Product[] = [
  {
    name: 'gengfu',
    program: 'gateway',
    root: '/opt/gengfu',
    data: '/var/lib/gengfu',
    unit: 'gengfu-gateway',
    units: 'gengfu-gateway.service gengfu-update.path',
    summary: 'village night-watch: IoT gateway of a village',
    description: [
      'Brokers the MQTT messages of door sensors, alarm buttons and water gauges,',
      'takes pictures of ONVIF cameras when something happens, keeps every event',
      'through power cuts, and brings alarms to the town centre, red first.',
    ],
  },
  {
    name: 'gengfu-centre',
    program: 'centre',
    root: '/opt/gengfu-centre',
    data: '/var/lib/gengfu-centre',
    unit: 'gengfu-centre',
    units: 'gengfu-centre.service',
    summary: 'village night-watch: alarm desk of a town',
    description: [
      'Receives the alarms of village gateways, confirms each one when it is stored,',
      'and shows them to the operators of the town, who accept, dispatch and follow',
      'each case to its end.',
    ],
  },
]

export interface PackageOptions {
  project: string
  work: string
  product: Product
  architecture: Architecture
  version: string
  /** Seconds since 1970, of the last commit: two builds of it are the same bytes. */
  epoch: number
  archive: string
  out: string
}

/** Writes the package and returns its path. */
export function makeDebianPackage(options: PackageOptions): string {
  const { work, product, architecture, version, epoch, archive, out } = options
  const tree = join(work, `debian-${product.name}-${architecture}`)
  rmSync(tree, { recursive: true, force: true })
  const file = join(out, `${product.name}_${version}_${architecture}.deb`)
  const put = (path: string, content: string | Buffer, mode = 0o644): void => {
    const target = join(tree, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content)
    chmodSync(target, mode)
  }
  const own = (name: string): string => filled(readFileSync(join(options.project, name), 'utf8'), options)
  putProgram(options, put, own, tree, archive)
  putDocuments(options, put, own)
  putControl(options, put, own, tree)
  execFileSync('find', [tree, '-type', 'd', '-exec', 'chmod', '755', '{}', '+'])
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z0', '--build', tree, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return file
}

type Put = (path: string, content: string | Buffer, mode?: number) => void

function putProgram(
  options: PackageOptions,
  put: Put,
  own: (name: string) => string,
  tree: string,
  archive: string,
): void {
  const { product } = options
  mkdirSync(join(tree, 'usr/lib', product.name), { recursive: true })
  cpSync(archive, join(tree, 'usr/lib', product.name, 'release.tar.xz'))
  put(`usr/lib/${product.name}/release`, own('deploy/package/release.sh'), 0o755)
  put(`usr/bin/${product.name}`, own('deploy/package/command.sh'), 0o755)
  put(`lib/systemd/system/${product.unit}.service`, unitOf(options))
  put(`usr/lib/sysctl.d/50-${product.name}.conf`, own('deploy/package/sysctl.conf'))
  if (product.program === 'centre')
    for (const name of ['gengfu-backup.service', 'gengfu-backup.timer'])
      put(`lib/systemd/system/${name}`, withPrograms(own(`deploy/centre/${name}`), product))
  else {
    for (const name of ['gengfu-update.service', 'gengfu-update.path'])
      put(`lib/systemd/system/${name}`, withPrograms(own(`deploy/box/${name}`), product))
    put('etc/avahi/services/gengfu.service', own('deploy/box/avahi.service'))
    put('usr/lib/systemd/journald.conf.d/50-gengfu.conf', own('deploy/box/journald.conf'))
  }
}

/** The unit of `deploy/` with the paths of the package and the release script before each start. */
function unitOf({ project, product }: PackageOptions): string {
  const folder = product.program === 'gateway' ? 'box' : 'centre'
  const unit = readFileSync(join(project, 'deploy', folder, `${product.unit}.service`), 'utf8')
  return withPrograms(unit, product)
    .replace('[Service]\n', `[Service]\nExecStartPre=+/usr/lib/${product.name}/release before-start\n`)
    .replace('[Unit]\n', `[Unit]\nConditionPathExists=/etc/gengfu/${product.program}.yaml\n`)
}

const withPrograms = (unit: string, { name, root }: Product): string =>
  unit
    .replaceAll(
      '/usr/bin/node /opt/gengfu/bin/gengfu.js',
      `${root}/current/bin/node ${root}/current/bin/gengfu.js`,
    )
    .replaceAll('file:/opt/gengfu/docs/', `file:/usr/share/doc/${name}/`)

function putDocuments(options: PackageOptions, put: Put, own: (name: string) => string): void {
  const { project, product, epoch } = options
  const folder = `usr/share/doc/${product.name}`
  put(`${folder}/copyright`, own('deploy/package/debian/copyright'))
  put(`${folder}/changelog.gz`, gzipSync(debianChangelog(options), { level: 9 }))
  put(`${folder}/CHANGELOG.md`, readFileSync(join(project, 'CHANGELOG.md')))
  for (const name of readdirSync(join(project, 'docs')).sort())
    if (statSync(join(project, 'docs', name)).isFile())
      put(`${folder}/${name}`, readFileSync(join(project, 'docs', name)))
  for (const name of readdirSync(join(project, 'docs/pictures')).sort())
    put(`${folder}/pictures/${name}`, readFileSync(join(project, 'docs/pictures', name)))
  const box = product.program === 'gateway' ? 'box/gateway.yaml' : 'centre/centre.yaml'
  put(`${folder}/examples/${product.program}.yaml`, readFileSync(join(project, 'deploy', box)))
  if (product.program === 'gateway')
    for (const name of ['first-gateway.yaml', 'serial-adapter.conf', 'sound-card.conf'])
      put(`${folder}/examples/${name}`, readFileSync(join(project, 'deploy/box', name)))
  const day = new Date(epoch * 1000).toISOString().slice(0, 10)
  const page = own('deploy/package/debian/command.1').replaceAll('@DAY@', day)
  put(`usr/share/man/man1/${product.name}.1.gz`, gzipSync(page, { level: 9 }))
  put(`usr/share/lintian/overrides/${product.name}`, own('deploy/package/debian/lintian-overrides'))
}

/** What Debian's tools read; what is new stands in CHANGELOG.md beside it. */
function debianChangelog({ product, version, epoch }: PackageOptions): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000')
  return [
    `${product.name} (${version}) stable; urgency=medium`,
    '',
    '  * See CHANGELOG.md in this folder.',
    '',
    ` -- Gengfu <gengfu@example.org>  ${date}`,
    '',
  ].join('\n')
}

function putControl(options: PackageOptions, put: Put, own: (name: string) => string, tree: string): void {
  const { product, architecture, version } = options
  const size = Number(
    execFileSync('du', ['-sk', '--apparent-size', tree], { encoding: 'utf8' }).split('\t')[0],
  )
  const isBox = product.program === 'gateway'
  put(
    'DEBIAN/control',
    [
      `Package: ${product.name}`,
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      'Maintainer: Gengfu <gengfu@example.org>',
      `Installed-Size: ${size}`,
      // Node is linked with these of Debian 12 or newer.
      'Depends: adduser, libc6 (>= 2.36), libstdc++6 (>= 12), init-system-helpers (>= 1.51), xz-utils',
      isBox ? 'Recommends: ffmpeg, avahi-daemon' : 'Suggests: caddy',
      'Section: net',
      'Priority: optional',
      `Description: ${product.summary}`,
      ...product.description.map((line) => ` ${line}`),
      '',
    ].join('\n'),
  )
  if (isBox) put('DEBIAN/conffiles', '/etc/avahi/services/gengfu.service\n')
  for (const name of ['postinst', 'prerm', 'postrm'])
    put(`DEBIAN/${name}`, own(`deploy/package/debian/${name}`), 0o755)
  const sums = execFileSync(
    'sh',
    ['-c', 'find usr lib etc -type f 2>/dev/null | LC_ALL=C sort | xargs md5sum'],
    {
      cwd: tree,
      encoding: 'utf8',
    },
  )
  put('DEBIAN/md5sums', sums)
}

function filled(text: string, { product, version }: PackageOptions): string {
  const values: Record<string, string> = {
    PACKAGE: product.name,
    PROGRAM: product.program,
    ROOT: product.root,
    DATA: product.data,
    UNITS: product.units,
    UNIT: product.unit,
    VERSION: version,
    SUMMARY: product.summary,
  }
  return text.replaceAll(/@([A-Z]+)@/g, (all, name: string) => values[name] ?? all)
}

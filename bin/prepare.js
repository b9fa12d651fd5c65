// Brings a fresh clone to where a command can run: npm packages, the build, and what tests need from Debian. Plain
// JavaScript without packages, because it runs before there are any. Says what it does; does nothing twice.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isStamped, removeStamp, stampOf, stampOfBuild, writeStamp } from './build-stamp.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const say = (text) => process.stderr.write(`prepare: ${text}\n`)

/** Debian packages by what needs them; a `probe` file serves as well, however it came there. */
const debian = {
  compiler: [
    { name: 'python3', probe: '/usr/bin/python3' },
    { name: 'make', probe: '/usr/bin/make' },
    { name: 'g++', probe: '/usr/bin/g++' },
  ],
  demo: [{ name: 'mosquitto-clients', probe: '/usr/bin/mosquitto_pub' }],
  test: [
    { name: 'mosquitto', probe: '/usr/sbin/mosquitto' },
    { name: 'mosquitto-clients', probe: '/usr/bin/mosquitto_pub' },
    { name: 'chromium', probe: '/usr/bin/chromium' },
    { name: 'ffmpeg', probe: '/usr/bin/ffmpeg' },
    { name: 'openssl', probe: '/usr/bin/openssl' },
    { name: 'libxml2-utils', probe: '/usr/bin/xmllint' },
    { name: 'gammu-smsd', probe: '/usr/bin/gammu-smsd' },
    // A SIP registrar and SIP telephones that are not ours.
    { name: 'kamailio', probe: '/usr/sbin/kamailio' },
    { name: 'baresip-core', probe: '/usr/bin/baresip' },
    { name: 'linphone-cli', probe: '/usr/bin/linphonec' },
    { name: 'espeak-ng', probe: '/usr/bin/espeak-ng' },
    { name: 'sip-tester', probe: '/usr/bin/sipp' },
    // Signs releases as their makers do.
    { name: 'minisign', probe: '/usr/bin/minisign' },
    // Checks our packages as Debian checks its own.
    { name: 'lintian', probe: '/usr/bin/lintian' },
    { name: 'eatmydata', probe: '/usr/bin/eatmydata' },
    { name: 'fonts-noto-cjk', probe: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc' },
    // An RTSP server that is not ours, for the cameras.
    { name: 'python3-gi' },
    { name: 'gir1.2-gst-rtsp-server-1.0' },
    { name: 'gstreamer1.0-plugins-base' },
    { name: 'gstreamer1.0-plugins-good' },
    { name: 'gstreamer1.0-plugins-bad' },
    { name: 'gstreamer1.0-plugins-ugly' },
    { name: 'gstreamer1.0-x' },
    // Signs in at cameras as others do.
    { name: 'python3-zeep', probe: '/usr/lib/python3/dist-packages/zeep' },
    // A Modbus gauge and a Modbus master that are not ours.
    { name: 'python3-pymodbus', probe: '/usr/lib/python3/dist-packages/pymodbus' },
    { name: 'mbpoll', probe: '/usr/bin/mbpoll' },
    // The server of pymodbus does not start without this one, which Debian only recommends.
    { name: 'python3-serial-asyncio', probe: '/usr/lib/python3/dist-packages/serial_asyncio' },
    // The centre's other database, with its standby.
    { name: 'postgresql-15', probe: '/usr/lib/postgresql/15/bin/postgres' },
    { name: 'procps', probe: '/usr/bin/ps' },
    { name: 'e2fsprogs', probe: '/sbin/mkfs.ext4' },
    // Network namespaces with a bad link between them.
    { name: 'iproute2', probe: '/usr/sbin/tc' },
    { name: 'python3', probe: '/usr/bin/python3' },
  ],
}

const benched = new Set(['mosquitto', 'mosquitto-clients', 'openssl', 'iproute2', 'python3'])
const purposes = {
  install: { debian: [], isBuilt: false },
  build: { debian: [], isBuilt: true },
  demo: { debian: debian.demo, isBuilt: true },
  test: { debian: debian.test, isBuilt: true },
  package: {
    debian: [
      { name: 'dpkg-dev', probe: '/usr/bin/dpkg-deb' },
      { name: 'xz-utils', probe: '/usr/bin/xz' },
    ],
    isBuilt: true,
  },
  bench: { debian: debian.test.filter(({ name }) => benched.has(name)), isBuilt: true },
}

function fail(text) {
  say(text)
  process.exit(1)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node 20.19 or newer is needed; this is ${process.versions.node}`)
}

function isThere({ name, probe }) {
  if (probe && existsSync(probe)) return true
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' })
  return asked.status === 0 && asked.stdout.trim() === 'installed'
}

function installDebian(packages) {
  const missing = packages.filter((entry) => !isThere(entry)).map(({ name }) => name)
  if (missing.length === 0) return
  const line = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!existsSync('/usr/bin/apt-get')) fail(`these programs are missing: ${missing.join(', ')}`)
  if (process.getuid?.() !== 0) fail(`Debian packages are missing; run as root: ${line}`)
  say(`installing Debian packages: ${missing.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = () =>
    spawnSync(line, { shell: true, stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0
  spawnSync('apt-get update -qq', { shell: true, stdio: ['ignore', 'ignore', 'inherit'], env })
  if (!install()) fail(`Debian packages could not be installed: ${line}`)
}

function installPackages() {
  const stamp = stampOf([join(root, 'package-lock.json')])
  if (isStamped('install', stamp)) return
  removeStamp('install')
  installDebian(debian.compiler)
  say('installing npm packages (better-sqlite3 is compiled on Node 20: about two minutes)')
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node', 'node.h')
  const env = { ...process.env }
  // Node's own headers are beside it: compiling needs no download.
  if (existsSync(headers) && !env.npm_config_nodedir)
    env.npm_config_nodedir = dirname(dirname(dirname(headers)))
  const npm = (...args) => {
    const { status } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env })
    if (status !== 0) fail(`npm ${args[0]} failed; its output stands above`)
  }
  // .npmrc keeps packages from running scripts of their own; the one native module that has to be compiled is let.
  npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error')
  if (!existsSync(join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node')))
    npm('rebuild', 'better-sqlite3', '--ignore-scripts=false', '--foreground-scripts', '--loglevel=error')
  writeStamp('install', stamp)
}

function build() {
  const stamp = stampOfBuild()
  if (isStamped('build', stamp) && existsSync(join(root, 'dist'))) return
  say('building')
  removeStamp('build')
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const run = (file, args) =>
    execFileSync(process.execPath, [join(root, file), ...args], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  try {
    run('node_modules/typescript/bin/tsc', ['-p', 'tsconfig.build.json'])
    run('bin/bundle.js', [])
    for (const page of ['desk', 'console', 'responder', 'family', 'enrol'])
      run('node_modules/vite/bin/vite.js', ['build', '--config', 'web/vite.config.ts', '--mode', page])
  } catch {
    fail('the build failed; see the error above')
  }
  writeStamp('build', stamp)
}

const purpose = process.argv[2] ?? 'build'
if (!Object.hasOwn(purposes, purpose)) fail(`one of ${Object.keys(purposes).join(', ')}, not "${purpose}"`)
checkNode()
if (!existsSync(join(root, 'node_modules'))) mkdirSync(join(root, 'node_modules'))
installDebian(purposes[purpose].debian)
installPackages()
if (purposes[purpose].isBuilt) build()

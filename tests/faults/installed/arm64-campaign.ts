// Does the package for arm64 work? It is unpacked by its own release script, and everything in it runs under qemu as it would on such a
// machine: Node, the native module of SQLite, the commands, and a box that acknowledges a press and has it after a restart.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { freePort } from '../../kits/system/programs.ts'

const qemu = '/usr/bin/qemu-aarch64-static'
/** glibc 2.36 and libstdc++ of Debian 12 for arm64, as Debian packs them for cross compilers. */
const libraries = '/usr/aarch64-linux-gnu'
const device = 'button-001'
/** Emulated code takes some ten times as long. */
const waitMsMax = 600_000

export interface Arm64Result {
  node: string
  version: string
  /** Native code in the release, by its path: each has to be for arm64. */
  native: string[]
}

interface Setup {
  folder: string
  program: string
  file: string
  ports: { mqtt: number; console: number }
}

export async function runArm64Campaign(packages: string, say: (text: string) => void): Promise<Arm64Result> {
  for (const needed of [qemu, `${libraries}/lib/ld-linux-aarch64.so.1`, `${libraries}/lib/libstdc++.so.6`])
    if (!existsSync(needed))
      throw new Error(`${needed} is missing: apt-get install qemu-user-static libstdc++6-arm64-cross`)
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-arm64-'))
  try {
    const { program, version } = unpack(packages, folder)
    say(`the package of ${version} is unpacked by its own release script`)
    const native = nativeFiles(program)
    say(`for arm64: ${native.join(', ')}`)
    const node = emulated(program, ['-p', 'process.version + " " + process.arch'])
    say(`Node ${node}`)
    if (!/^v24\..* arm64$/.test(node)) throw new Error(`its Node is ${node}`)
    const ports = { mqtt: await freePort(), console: await freePort() }
    const setup = { folder, program, file: configuration(folder, ports), ports }
    const said = gengfu(setup, '--version')
    if (said !== version) throw new Error(`--version says "${said}"`)
    say(gengfu(setup, 'check-config', '--config', setup.file))
    await pressed(setup, say)
    return { node, version, native }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function unpack(packages: string, folder: string): { program: string; version: string } {
  const file = existsSync(packages)
    ? readdirSync(packages).find((name) => /^gengfu_.*_arm64\.deb$/.test(name))
    : undefined
  if (file === undefined) throw new Error(`no package in ${packages}: npm run package -- --arch arm64`)
  const path = join(packages, file)
  const field = (name: string): string =>
    execFileSync('dpkg-deb', ['-f', path, name], { encoding: 'utf8' }).trim()
  if (field('Architecture') !== 'arm64') throw new Error(`${file} is for ${field('Architecture')}`)
  const version = field('Version')
  const [tree, opt] = [join(folder, 'tree'), join(folder, 'opt')]
  execFileSync('dpkg-deb', ['-x', path, tree])
  const own = join(tree, 'usr/lib/gengfu')
  mkdirSync(opt)
  execFileSync('sh', [join(own, 'release'), 'stage', version, join(own, 'release.tar.xz')], {
    env: { ...process.env, GENGFU_ROOT: opt, GENGFU_NOTES: join(folder, 'notes') },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { program: join(opt, 'current'), version }
}

/** What such a machine loads; the package of serial ports carries binaries for other systems beside its own. */
const native = [
  /^bin\/node$/,
  /better-sqlite3\/.*\.node$/,
  /bindings-cpp\/prebuilds\/linux-arm64\/.*\.glibc\.node$/,
]

/** ELF header: the machine at byte 18 (183 is AArch64). */
function nativeFiles(program: string): string[] {
  const found: string[] = []
  for (const name of readdirSync(program, { recursive: true, encoding: 'utf8' })) {
    if (!native.some((one) => one.test(name))) continue
    const head = Buffer.alloc(20)
    readSync(openSync(join(program, name), 'r'), head, 0, 20, 0)
    if (head.readUInt16LE(18) !== 183) throw new Error(`${name} is not for arm64`)
    found.push(name)
  }
  if (!found.some((name) => name.includes('better-sqlite3'))) throw new Error('SQLite is missing')
  return found
}

const argumentsOf = (program: string, args: readonly string[]): string[] => [
  '-L',
  libraries,
  join(program, 'bin/node'),
  ...args,
]

const emulated = (program: string, args: readonly string[]): string =>
  execFileSync(qemu, argumentsOf(program, args), { encoding: 'utf8', timeout: waitMsMax }).trim()

const gengfu = ({ program }: Setup, ...args: string[]): string =>
  emulated(program, [join(program, 'bin/gengfu.js'), ...args])

/** The first configuration of the package, with its folders here. */
function configuration(folder: string, ports: Setup['ports']): string {
  const example = join(folder, 'tree/usr/share/doc/gengfu/examples/first-gateway.yaml')
  const own = parse(readFileSync(example, 'utf8')) as Record<string, unknown>
  const file = join(folder, 'gateway.yaml')
  const changed = {
    ...own,
    dataDir: join(folder, 'data'),
    mqtt: {
      listeners: [{ host: '127.0.0.1', port: ports.mqtt }],
      passwordFile: join(folder, 'data/passwords'),
    },
    pictures: { keyFile: join(folder, 'cameras.key') },
    console: { host: '127.0.0.1', port: ports.console },
    zones: [{ id: 'home', name: '王奶奶家 Granny Wang' }],
    devices: [{ id: device, kind: 'button', zone: 'home' }],
  }
  writeFileSync(file, stringify(changed))
  return file
}

async function pressed(setup: Setup, say: (text: string) => void): Promise<void> {
  const { ports } = setup
  const redLast = async (): Promise<number | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${ports.console}/api/v1/health`).catch(() => undefined)
    if (!answer?.ok) return undefined
    return ((await answer.json()) as { lanes: { red: { last: number } } }).lanes.red.last
  }
  let box = start(setup)
  try {
    await until(async () => (await redLast()) !== undefined, 'the box does not start')
    const password = gengfu(setup, 'gateway', 'password', '--config', setup.file, '--device', device)
      .split('\n')
      .at(-1)
    say('the box runs; a press')
    const who = ['-i', device, '-u', device, '-P', password ?? '', '-q', '1', '-p', String(ports.mqtt)]
    const what = ['-t', `gengfu/v1/${device}/event`, '-m', JSON.stringify({ id: '1-1', button: 'pressed' })]
    const press = (): boolean => {
      try {
        execFileSync('mosquitto_pub', ['-h', '127.0.0.1', ...who, ...what], {
          stdio: 'ignore',
          timeout: 60_000,
        })
        return true
      } catch {
        return false
      }
    }
    await until(press, 'no press is acknowledged')
    const before = (await redLast()) ?? 0
    if (before < 1) throw new Error('a press was acknowledged, and there is no red record')
    await end(box)
    box = start(setup)
    await until(async () => ((await redLast()) ?? 0) >= before, 'the press is gone after a restart')
    say(`the press was acknowledged, and is there after a restart: red up to ${before}`)
  } finally {
    await end(box)
  }
}

const start = ({ program, file }: Setup): ChildProcess =>
  spawn(qemu, argumentsOf(program, [join(program, 'bin/gengfu.js'), 'gateway', '--config', file]), {
    stdio: 'ignore',
  })

async function end(box: ChildProcess): Promise<void> {
  if (box.exitCode !== null || box.signalCode !== null) return
  const ended = new Promise((resolve) => box.once('exit', resolve))
  box.kill('SIGTERM')
  await ended
}

async function until(isSo: () => boolean | Promise<boolean>, words: string): Promise<void> {
  for (const endMs = performance.now() + waitMsMax; performance.now() < endMs;) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(words)
}

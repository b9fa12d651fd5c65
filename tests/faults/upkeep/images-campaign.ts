// Do the images and the compose files work as they are written? buildah builds both images from a release; every service of a compose
// file then runs as the file says, each in a network namespace of its own, and a press at the box has to be on the desk of the town, and of
// the county where there is one. This stands for `docker compose up` where there is no Docker.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { makeBase } from '../../kits/machine/machines.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const docker = join(root, 'docker')
const user = 10_001
const waitMsMax = 300_000
const network = '10.77.24'
const town = '320612104'

/** The box of compose.yaml is in each: without one there is nothing to press. */
const setups: readonly { name: string; files: readonly string[]; desks: readonly string[] }[] = [
  { name: 'the demo', files: ['compose.yaml'], desks: ['centre'] },
  { name: 'a town', files: ['compose.town.yaml', 'compose.yaml'], desks: ['centre'] },
  { name: 'a county', files: ['compose.county.yaml', 'compose.yaml'], desks: ['town', 'county'] },
]

export interface ImagesPlan {
  /** An unpacked release of this machine's architecture. */
  release: string
  /** Where the Debian root is kept for the next time. */
  base: string
  /** A word in the name of a setup; absent: all. */
  only?: string | undefined
  say: (text: string) => void
}

interface Service {
  image: string
  volumes: string[]
  read_only: boolean
  cap_drop: string[]
  tmpfs: string[]
}

const run = (file: string, args: readonly string[]): string =>
  execFileSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 100_000_000,
  }).trim()

/** Resolves with what was found at each desk; rejects with what is missing. */
export async function runImagesCampaign({ release, base, only = '', say }: ImagesPlan): Promise<string[]> {
  const work = mkdtempSync(join(tmpdir(), 'gengfu-images-'))
  const images = new Images(work)
  try {
    say('a base by debootstrap')
    images.base(makeBase(base))
    for (const target of ['centre', 'box']) {
      say(`the image of the ${target}`)
      images.build(target, release)
    }
    preparePki(work)
    const found: string[] = []
    for (const { name, files, desks } of setups) {
      if (!name.includes(only)) continue
      const compose = new Compose(images, join(work, name.replace(' ', '-')), join(work, 'pki'))
      try {
        await compose.up(files)
        for (const one of await compose.press(desks)) found.push(`${name}, ${one}`)
        say(found.at(-1) ?? '')
      } catch (error) {
        say(compose.lastWords())
        throw error
      } finally {
        compose.down()
      }
    }
    return found
  } finally {
    images.close()
    attempt(() => rmSync(work, { recursive: true, force: true }))
  }
}

class Images {
  readonly #store: string[]

  constructor(work: string) {
    this.#store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs']
  }

  buildah(...args: string[]): string {
    return run('buildah', this.arguments(...args))
  }

  arguments(...args: string[]): string[] {
    return [...this.#store, ...args]
  }

  base(folder: string): void {
    const container = this.buildah('from', 'scratch')
    this.buildah('add', '--quiet', container, folder, '/')
    this.buildah('commit', '--quiet', container, 'base')
    this.buildah('rm', container)
  }

  build(target: string, release: string): void {
    const args = ['BASE=localhost/base', 'PROGRAM_PACKAGES=', 'BOX_PACKAGES='].flatMap((one) => [
      '--build-arg',
      one,
    ])
    const file = ['-t', `gengfu-${target}:0.1.0`, '-f', join(docker, 'Dockerfile'), release]
    this.buildah('bud', '--quiet', '--format', 'docker', '--pull-never', ...args, '--target', target, ...file)
  }

  close(): void {
    // The overlay of a container may still be mounted.
    attempt(() => this.buildah('umount', '--all'))
  }
}

/** The certificates of docker/README.md. */
function preparePki(work: string): void {
  const pki = join(work, 'pki')
  const make = (...args: string[]): string =>
    run(process.execPath, ['deploy/certificates.js', ...args, '--dir', pki])
  make('authority')
  for (const name of ['centre', 'county']) make('server', '--name', name, '--host', name)
  for (const id of ['trial-1', town]) make('client', '--id', id)
  run('chown', ['-R', String(user), pki])
  chmodSync(work, 0o755)
}

/** The services of some compose files, each with an address; a later file adds what the ones before do not have. */
class Compose {
  readonly #images: Images
  readonly #work: string
  readonly #pki: string
  readonly #containers = new Map<string, { id: string; net: string; volumes: string[]; health: string[] }>()
  readonly #running: ChildProcess[] = []
  #services = new Map<string, Service>()

  constructor(images: Images, work: string, pki: string) {
    this.#images = images
    this.#work = work
    this.#pki = pki
    mkdirSync(work)
  }

  async up(files: readonly string[]): Promise<void> {
    for (const file of files) {
      const { services } = parse(readFileSync(join(docker, file), 'utf8')) as {
        services: Record<string, Service>
      }
      for (const [name, service] of Object.entries(services))
        // A county's town is the centre of the box.
        if (!this.#services.has(name) && !(name === 'centre' && this.#services.has('town')))
          this.#services.set(name, service)
    }
    this.#layNet()
    for (const name of this.#services.keys()) this.#start(name)
    for (const name of this.#services.keys())
      await until(
        () => attempt(() => `x${this.#exec(name, ...this.#of(name).health)}`),
        `${name} is not healthy`,
      )
  }

  /** What the programs wrote last, for a run that failed. */
  lastWords(): string {
    const words = [...this.#containers.keys()].map((name) => {
      const log = attempt(() => readFileSync(this.#log(name), 'utf8')) ?? ''
      return `--- ${name}\n${log.split('\n').slice(-15).join('\n')}`
    })
    return words.join('\n')
  }

  readonly #log = (name: string): string => join(this.#work, `${name}.log`)

  async press(desks: readonly string[]): Promise<string[]> {
    const gengfu = (name: string, ...args: string[]): string =>
      this.#exec(name, '/opt/gengfu/bin/node', '/opt/gengfu/bin/gengfu.js', ...args)
        .split('\n')
        .at(-1) ?? ''
    const password = gengfu(
      'box',
      'gateway',
      'password',
      '--config',
      '/etc/gengfu/gateway.yaml',
      '--device',
      'button-001',
    )
    const who = [
      '-h',
      this.#address('box'),
      '-i',
      'button-001',
      '-u',
      'button-001',
      '-P',
      password,
      '-q',
      '1',
    ]
    const what = ['-t', 'gengfu/v1/button-001/event', '-m', JSON.stringify({ id: '1-1', button: 'pressed' })]
    const from = (net: string, ...args: string[]): string => run('ip', ['netns', 'exec', net, ...args])
    const hub = this.#net('hub')
    await until(
      () => attempt(() => `x${from(hub, 'mosquitto_pub', ...who, ...what)}`),
      'no press is acknowledged',
    )
    const found: string[] = []
    for (const desk of desks) {
      const flags = ['--config', '/etc/gengfu/centre.yaml', '--role', 'operator', '--name', 'images']
      const bearer = `Authorization: Bearer ${gengfu(desk, 'centre', 'token', ...flags)}`
      const look = (): string | undefined => {
        const ask = ['curl', '-sf', '-H', bearer, `http://${this.#address(desk)}:8080/api/v1/alarms`]
        const { alarms } = JSON.parse(attempt(() => from(hub, ...ask)) ?? '{"alarms":[]}') as {
          alarms: { kind: string; colour: string; device: string }[]
        }
        const one = alarms.find(({ kind }) => kind === 'sos')
        return one && `at the desk of ${desk}: ${one.colour} ${one.kind} of ${one.device}`
      }
      found.push(await until(look, `no alarm at the desk of ${desk}`))
    }
    for (const name of this.#services.keys()) this.#checkRoot(name)
    return found
  }

  down(): void {
    for (const { pid } of this.#running) if (pid !== undefined) attempt(() => process.kill(-pid, 'SIGKILL'))
    for (const { id } of this.#containers.values()) attempt(() => this.#images.buildah('rm', id))
    for (const name of ['hub', ...this.#services.keys()])
      attempt(() => run('ip', ['netns', 'del', this.#net(name)]))
  }

  readonly #net = (name: string): string => `gengfu-${name}`

  /** `centre` in the file of the box is the town's centre. */
  #address(name: string): string {
    return `${network}.${[...this.#services.keys()].indexOf(name) + 2}`
  }

  #of(name: string) {
    const found = this.#containers.get(name)
    if (!found) throw new Error(`${name} was not started`)
    return found
  }

  #layNet(): void {
    const hub = this.#net('hub')
    run('ip', ['netns', 'add', hub])
    const inHub = (...args: string[]): string => run('ip', ['-n', hub, ...args])
    inHub('link', 'add', 'bridge', 'type', 'bridge')
    inHub('address', 'add', `${network}.1/24`, 'dev', 'bridge')
    for (const link of ['bridge', 'lo']) inHub('link', 'set', link, 'up')
    for (const name of this.#services.keys()) {
      const net = this.#net(name)
      run('ip', ['netns', 'add', net])
      inHub('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', net)
      inHub('link', 'set', name, 'master', 'bridge', 'up')
      run('ip', ['-n', net, 'address', 'add', `${this.#address(name)}/24`, 'dev', 'eth0'])
      for (const link of ['eth0', 'lo']) run('ip', ['-n', net, 'link', 'set', link, 'up'])
    }
  }

  #start(name: string): void {
    const service = this.#services.get(name)
    if (!service) throw new Error(name)
    const hosts = [...this.#services.keys()].map((one) => `${one}:${this.#address(one)}`)
    if (this.#services.has('town')) hosts.push(`centre:${this.#address('town')}`)
    const flags = [
      ...hosts.flatMap((one) => ['--add-host', one]),
      ...service.cap_drop.flatMap((one) => ['--cap-drop', one]),
    ]
    const id = this.#images.buildah('from', ...flags, '--pull-never', `localhost/${service.image}`)
    const image = JSON.parse(this.#images.buildah('inspect', id)) as {
      OCIv1: { config: { User: string; Entrypoint: string[]; Cmd: string[] } }
      Docker: { config: { Healthcheck: { Test: string[] } } }
    }
    const { User, Entrypoint, Cmd } = image.OCIv1.config
    if (User !== `${user}:${user}`) throw new Error(`${name} runs as "${User}"`)
    // Where an image declares a volume that `run` mounts too, buildah 1.28 mounts one over the other in an order of chance: with its own on
    // top, the box and each command in its container see different folders. Docker has one of them only.
    this.#images.buildah('config', '--volume', '/data-', id)
    const volumes = service.volumes.flatMap((one) => ['-v', this.#volume(name, one)])
    const [, ...health] = image.Docker.config.Healthcheck.Test
    this.#containers.set(name, { id, net: this.#net(name), volumes, health })
    const log = openSync(this.#log(name), 'w')
    this.#running.push(
      spawn(
        'ip',
        ['netns', 'exec', this.#net(name), 'buildah', ...this.#runOf(name, [...Entrypoint, ...Cmd])],
        {
          env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
          stdio: ['ignore', log, log],
          detached: true,
        },
      ),
    )
  }

  #volume(name: string, text: string): string {
    const [from = '', to = '', ...mode] = text.split(':')
    let path = from === './pki' ? this.#pki : join(docker, from)
    if (!from.startsWith('.')) {
      path = join(this.#work, `${name}-${from}`)
      mkdirSync(path)
      run('chown', [String(user), path])
    }
    return [path, to, ...mode].join(':')
  }

  #runOf(name: string, command: readonly string[]): string[] {
    const { id, volumes } = this.#of(name)
    return this.#images.arguments('run', ...volumes, id, '--', ...command)
  }

  /** What `docker compose exec` does. */
  #exec(name: string, ...command: string[]): string {
    return run('ip', ['netns', 'exec', this.#net(name), 'buildah', ...this.#runOf(name, command)])
  }

  /** buildah cannot make the root read-only: nothing may have been written there. */
  #checkRoot(name: string): void {
    const path = this.#images.buildah('mount', this.#of(name).id)
    const written = run('find', [
      path,
      '-xdev',
      '-user',
      String(user),
      '-newer',
      join(this.#pki, 'ca.crt'),
      '-type',
      'f',
    ])
    const foreign = written.split('\n').filter((file) => file !== '' && !file.startsWith(`${path}/tmp/`))
    if (foreign.length > 0) throw new Error(`${name} writes into its root: ${foreign.join(', ')}`)
  }
}

async function until(look: () => string | undefined, words: string): Promise<string> {
  lastFailure = undefined
  for (const endMs = performance.now() + waitMsMax; performance.now() < endMs;) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw new Error(words, { cause: lastFailure })
}

/** Of the command that was tried last. */
let lastFailure: unknown

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    lastFailure = error
    return undefined
  }
}

export const releaseTree = (folder: string): string => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const tree = join(folder, '.work', `release-${architecture}`)
  if (!existsSync(join(tree, 'release.json')))
    throw new Error(`${tree} is not there: npm run package -- --arch ${architecture}`)
  return tree
}

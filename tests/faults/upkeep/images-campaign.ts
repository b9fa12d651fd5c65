// Do the images work as they are built? buildah builds both from a release and a base made by debootstrap; a centre and a box run in two
// network namespaces as their own user, and a press in one has to be on the desk of the other.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const user = 10_001
const waitMsMax = 300_000
const nets = { centre: '10.77.24.1', box: '10.77.24.2' } as const
type Place = keyof typeof nets

export interface ImagesPlan {
  /** An unpacked release of this machine's architecture. */
  release: string
  say: (text: string) => void
}

const run = (file: string, args: readonly string[], input?: string): string =>
  execFileSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 100_000_000,
  }).trim()

/** Resolves with what was found at the desk; rejects with what is missing. */
export async function runImagesCampaign({ release, say }: ImagesPlan): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'gengfu-images-'))
  const store = ['--root', join(work, 'store'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs']
  const buildah = (...args: string[]): string => run('buildah', [...store, ...args])
  const running: ChildProcess[] = []
  try {
    say('a base by debootstrap')
    run('debootstrap', [
      '--variant=minbase',
      '--include=libstdc++6,ca-certificates',
      'bookworm',
      join(work, 'base'),
    ])
    const base = buildah('from', 'scratch')
    buildah('add', '--quiet', base, join(work, 'base'), '/')
    buildah('commit', '--quiet', base, 'base')
    for (const target of ['centre', 'box'] as const) {
      say(`the image of the ${target}`)
      const args = ['BASE=localhost/base', 'PROGRAM_PACKAGES=', 'BOX_PACKAGES='].flatMap((one) => [
        '--build-arg',
        one,
      ])
      buildah(
        'bud',
        '--quiet',
        '--format',
        'docker',
        '--pull-never',
        ...args,
        '--target',
        target,
        '-t',
        `gengfu-${target}`,
        '-f',
        join(root, 'docker/Dockerfile'),
        release,
      )
    }
    preparePki(work)
    layNets()
    for (const place of ['centre', 'box'] as const) running.push(start(place, work, store, buildah))
    say('both run')
    return await pressAndSee(work, say)
  } finally {
    for (const child of running) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    for (const place of Object.keys(nets)) attempt(() => run('ip', ['netns', 'del', `gengfu-${place}`]))
    // The overlay of a container may still be mounted.
    attempt(() => buildah('umount', '--all'))
    attempt(() => rmSync(work, { recursive: true, force: true }))
  }
}

function preparePki(work: string): void {
  const pki = join(work, 'pki')
  const make = (...args: string[]): string =>
    run(process.execPath, ['deploy/certificates.js', ...args, '--dir', pki])
  make('authority')
  make('server', '--name', 'centre', '--host', 'centre')
  make('client', '--id', 'trial-1')
  for (const name of ['pki', 'centre-data', 'box-data']) {
    mkdirSync(join(work, name), { recursive: true })
    run('chown', ['-R', String(user), join(work, name)])
  }
  chmodSync(work, 0o755)
  cpSync(join(root, 'docker/centre/centre.yaml'), join(work, 'centre.yaml'))
  cpSync(join(root, 'docker/box/gateway.yaml'), join(work, 'gateway.yaml'))
}

function layNets(): void {
  run('ip', ['link', 'add', 'gengfu-c', 'type', 'veth', 'peer', 'name', 'gengfu-b'])
  for (const [place, link] of [
    ['centre', 'gengfu-c'],
    ['box', 'gengfu-b'],
  ] as const) {
    const net = `gengfu-${place}`
    run('ip', ['netns', 'add', net])
    run('ip', ['link', 'set', link, 'netns', net])
    run('ip', ['-n', net, 'address', 'add', `${nets[place]}/24`, 'dev', link])
    for (const one of [link, 'lo']) run('ip', ['-n', net, 'link', 'set', one, 'up'])
  }
}

const command = ['/opt/gengfu/bin/node', '/opt/gengfu/bin/gengfu.js']
const configOf = { centre: 'centre.yaml', box: 'gateway.yaml' } as const

/** What `docker run` does: the image's own user and command, with the volumes of compose.yaml. */
function start(
  place: Place,
  work: string,
  store: string[],
  buildah: (...args: string[]) => string,
): ChildProcess {
  // As compose names them; buildah writes /etc/hosts itself.
  const names = Object.entries(nets).flatMap(([name, address]) => ['--add-host', `${name}:${address}`])
  const container = buildah('from', ...names, '--pull-never', `localhost/gengfu-${place}`)
  const image = JSON.parse(buildah('inspect', container)) as {
    OCIv1: { config: { User: string; Cmd: string[] } }
  }
  const { User, Cmd } = image.OCIv1.config
  if (User !== `${user}:${user}`) throw new Error(`the image of the ${place} runs as "${User}"`)
  const volumes = [
    `${join(work, configOf[place])}:/etc/gengfu/${configOf[place]}:ro`,
    `${join(work, 'pki')}:/pki:ro`,
    `${join(work, `${place}-data`)}:/data`,
  ].flatMap((one) => ['-v', one])
  const args = [...store, 'run', ...volumes, container, '--', ...command, ...Cmd]
  return spawn('ip', ['netns', 'exec', `gengfu-${place}`, 'buildah', ...args], {
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
}

async function pressAndSee(work: string, say: (text: string) => void): Promise<string> {
  const inside = (place: Place, file: string, ...args: string[]): string =>
    run('ip', ['netns', 'exec', `gengfu-${place}`, file, ...args])
  const asks = (place: Place): string => inside(place, 'curl', '-sf', 'http://127.0.0.1:8080/healthz')
  for (const place of ['centre', 'box'] as const)
    await until(() => attempt(() => asks(place)), `the ${place} is not healthy`)
  const own = (...args: string[]): string =>
    run(process.execPath, [join(root, 'bin/gengfu.js'), ...args])
      .split('\n')
      .at(-1) ?? ''
  // The same data as in the containers, by the paths of this machine.
  for (const [place, name] of Object.entries(configOf)) {
    const text = run('cat', [join(work, name)])
      .replaceAll('/data', join(work, `${place}-data`))
      .replaceAll('/pki', join(work, 'pki'))
    writeFileSync(join(work, `own-${name}`), text)
  }
  const token = own(
    'centre',
    'token',
    '--config',
    join(work, 'own-centre.yaml'),
    '--role',
    'operator',
    '--name',
    'images',
  )
  const password = own(
    'gateway',
    'password',
    '--config',
    join(work, 'own-gateway.yaml'),
    '--device',
    'button-001',
  )
  run('chown', ['-R', String(user), join(work, 'box-data'), join(work, 'centre-data')])
  const payload = JSON.stringify({ id: '1-1', button: 'pressed' })
  const press = [
    '-h',
    nets.box,
    '-i',
    'button-001',
    '-u',
    'button-001',
    '-P',
    password,
    '-q',
    '1',
    '-t',
    'gengfu/v1/button-001/event',
    '-m',
    payload,
  ]
  await until(
    () => attempt(() => `x${inside('box', 'mosquitto_pub', ...press)}`),
    'the box acknowledges no press',
  )
  say('pressed, and acknowledged by the box')
  const look = (): string | undefined => {
    const text = attempt(() =>
      inside(
        'centre',
        'curl',
        '-sf',
        '-H',
        `Authorization: Bearer ${token}`,
        'http://127.0.0.1:8080/api/v1/alarms',
      ),
    )
    const { alarms } = JSON.parse(text ?? '{"alarms":[]}') as {
      alarms: { kind: string; colour: string; device: string }[]
    }
    const found = alarms.find(({ device }) => device === 'button-001')
    return found && `${found.colour} ${found.kind} of ${found.device}`
  }
  return until(look, 'no alarm at the desk')
}

async function until(look: () => string | undefined, words: string): Promise<string> {
  for (const endMs = performance.now() + waitMsMax; performance.now() < endMs;) {
    const found = look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw new Error(words)
}

function attempt(work: () => string | void): string | undefined {
  try {
    return work() ?? undefined
  } catch {
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

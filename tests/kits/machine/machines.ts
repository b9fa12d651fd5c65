// Machines for tests of packages: roots made by debootstrap in which the real systemd runs, joined by virtual cables. Needs root, and
// debootstrap with a mirror once; ends exactly the processes that it started.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const script = fileURLToPath(new URL('machine.sh', import.meta.url))
const run = promisify(execFile)
const bootMsMax = 120_000
/** What the package depends on, and what a person who follows the handbook has. */
const packages =
  'systemd,systemd-sysv,dbus,adduser,libstdc++6,xz-utils,ca-certificates,curl,mosquitto-clients,init-system-helpers,iproute2'

/** A Debian 12 root in `folder`, kept there for the next time. */
export function makeBase(folder: string): string {
  if (existsSync(join(folder, 'ready'))) return join(folder, 'root')
  mkdirSync(folder, { recursive: true })
  const args = ['--variant=minbase', `--include=${packages}`, 'bookworm', join(folder, 'root')]
  execFileSync('debootstrap', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  mkdirSync(join(folder, 'ready'))
  return join(folder, 'root')
}

export class Machine {
  readonly name: string
  readonly root: string
  #child: ChildProcess | undefined

  constructor(name: string, base: string, folder: string) {
    this.name = name
    this.root = join(folder, name)
    execFileSync('cp', ['-a', base, this.root])
  }

  /** Resolves when systemd has started what the machine has to run. */
  async boot(): Promise<void> {
    this.#child = spawn(script, [this.root, this.name], { stdio: 'ignore', detached: true })
    for (let leftMs = bootMsMax; leftMs > 0; leftMs -= 200) {
      const state = await this.tries('systemctl', 'is-system-running')
      if (state === 'running' || state === 'degraded') return
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    throw new Error(`systemd does not start in ${this.root}`)
  }

  /** Process 1, as the machine that runs the test numbers it; 0 while there is none. */
  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) return 0
    try {
      return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10) || 0
    } catch {
      return 0
    }
  }

  /** The output of a command in the machine; rejects with its errors. */
  async run(...command: string[]): Promise<string> {
    const args = ['-t', String(this.pid), '-m', '-p', '-n', '-u', '-i', '-C', ...command]
    const { stdout } = await run('nsenter', args, { maxBuffer: 100_000_000, env: environment })
    return stdout.trim()
  }

  /** The output of a command that may fail. */
  async tries(...command: string[]): Promise<string> {
    try {
      return await this.run(...command)
    } catch (error) {
      return ((error as { stdout?: string }).stdout ?? '').trim()
    }
  }

  shell(text: string): Promise<string> {
    return this.run('bash', '-euo', 'pipefail', '-c', text)
  }

  /** A cable between this machine and another, or the one that runs the test: an address for each end. */
  async cable(
    own: string,
    address: string,
    other: Machine | undefined,
    far: string,
    farAddress: string,
  ): Promise<void> {
    await run('ip', ['link', 'add', far, 'type', 'veth', 'peer', 'name', own, 'netns', String(this.pid)])
    await this.run('ip', 'address', 'add', `${address}/24`, 'dev', own)
    await this.run('ip', 'link', 'set', own, 'up')
    if (other) await run('ip', ['link', 'set', far, 'netns', String(other.pid)])
    const there = (...args: string[]): Promise<unknown> =>
      other ? other.run('ip', ...args) : run('ip', args)
    await there('address', 'add', `${farAddress}/24`, 'dev', far)
    await there('link', 'set', far, 'up')
  }

  put(from: string, to: string): void {
    cpSync(from, join(this.root, to), { recursive: true })
  }

  /** The power is cut: every process ends at once. */
  async cutPower(): Promise<void> {
    const child = this.#child
    const { pid } = this
    if (!child || pid === 0) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    process.kill(pid, 'SIGKILL')
    await ended
    this.#child = undefined
  }
}

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/root' }

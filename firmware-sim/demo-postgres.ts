// The demo's PostgreSQL: Debian's programs on a temporary folder, reached by a socket in it, gone with the demo.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const versionMin = 15
const versionsFolder = '/usr/lib/postgresql'
const startTriesMax = 150
const tryEveryMs = 200

export class DemoPostgres {
  #folder: string | undefined
  #server: ChildProcess | undefined

  /** Resolves with `storage.url` once the server answers. */
  async start(): Promise<string> {
    const programs = findPrograms()
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-demo-'))
    this.#folder = folder
    const asOwner = ownerOf(folder)
    const run = (program: string, ...flags: string[]): [string, string[]] =>
      asOwner(join(programs, program), flags)
    const data = join(folder, 'data')
    const [initdb, initFlags] = run(
      'initdb',
      '-D',
      data,
      '-U',
      'gengfu',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
    )
    execFileSync(initdb, initFlags, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
    const [server, flags] = run(
      'postgres',
      '-D',
      data,
      '-c',
      'listen_addresses=',
      '-c',
      `unix_socket_directories=${folder}`,
    )
    this.#server = spawn(server, flags, { stdio: 'ignore', cwd: folder })
    const [ready, readyFlags] = run('pg_isready', '-h', folder, '-U', 'gengfu', '-d', 'postgres')
    for (let tries = 1; ; tries++)
      try {
        execFileSync(ready, readyFlags, { stdio: 'ignore', cwd: folder })
        return `postgres://gengfu@/postgres?host=${encodeURIComponent(folder)}`
      } catch (error) {
        if (tries === startTriesMax || this.#server.exitCode !== null)
          throw new Error('PostgreSQL did not start', { cause: error })
        await wait(tryEveryMs)
      }
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server && server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      // Sessions are ended, what is stored is written.
      server.kill('SIGINT')
      await ended
    }
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}

function findPrograms(): string {
  const versions = existsSync(versionsFolder) ? readdirSync(versionsFolder) : []
  const [newest = 0] = versions.map((name) => Number.parseInt(name, 10)).toSorted((a, b) => b - a)
  const programs = join(versionsFolder, String(newest), 'bin')
  if (newest < versionMin || !existsSync(join(programs, 'postgres')))
    throw new Error(`PostgreSQL ${versionMin} or newer is needed 需要 PostgreSQL：apt-get install postgresql`)
  return programs
}

/** PostgreSQL refuses root: then it runs as the user of Debian's package. */
function ownerOf(folder: string): (program: string, flags: string[]) => [string, string[]] {
  if (process.getuid?.() !== 0) return (program, flags) => [program, flags]
  const numberOf = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  const [user, group] = [numberOf('-u'), numberOf('-g')]
  chownSync(folder, user, group)
  return (program, flags) => [
    'setpriv',
    [`--reuid=${user}`, `--regid=${group}`, '--clear-groups', program, ...flags],
  ]
}

// A PostgreSQL of Debian's package in a temporary folder: started as an ordinary user, ended by its process id.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import type { PostgresAddress } from '../../../centre/storage/postgres/address.ts'

const programs = '/usr/lib/postgresql/15/bin'
export const hasPostgres = existsSync(`${programs}/postgres`)

/** PostgreSQL refuses root. */
const isRoot = process.getuid?.() === 0
const user = isRoot ? Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' })) : userInfo().uid
const group = isRoot ? Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' })) : userInfo().gid

const asUser = (program: string, parameters: readonly string[]): [string, string[]] =>
  isRoot
    ? [
        'setpriv',
        [`--reuid=${user}`, `--regid=${group}`, '--clear-groups', `${programs}/${program}`, ...parameters],
      ]
    : [`${programs}/${program}`, [...parameters]]

/** The event loop goes on meanwhile: boxes and lines of a test live in it. */
async function runProgram(program: string, parameters: readonly string[]): Promise<void> {
  const [command, all] = asUser(program, parameters)
  await promisify(execFile)(command, all, { cwd: tmpdir() })
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })

export interface ClusterOptions {
  /** Lines of postgresql.conf, as name: value. */
  settings?: Readonly<Record<string, string>>
  /** Makes a standby of this cluster under this name. */
  standbyOf?: Cluster
  name?: string
}

export class Cluster {
  readonly folder: string
  readonly port: number
  readonly #settings: Readonly<Record<string, string>>
  #process: ChildProcess | undefined

  private constructor(folder: string, port: number, settings: Readonly<Record<string, string>>) {
    this.folder = folder
    this.port = port
    this.#settings = settings
  }

  static async create({ settings = {}, standbyOf, name = 'standby' }: ClusterOptions = {}): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-pg-'))
    chownSync(folder, user, group)
    const data = join(folder, 'data')
    if (standbyOf) {
      const source = `host=127.0.0.1 port=${standbyOf.port} user=gengfu application_name=${name}`
      await runProgram('pg_basebackup', [
        '-D',
        data,
        '-R',
        '-X',
        'stream',
        '-c',
        'fast',
        '--no-sync',
        '-d',
        source,
      ])
    } else
      await runProgram('initdb', [
        '-D',
        data,
        '-U',
        'gengfu',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ])
    const cluster = new Cluster(folder, await freePort(), settings)
    await cluster.start()
    return cluster
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: this.folder,
      max_connections: '100',
      shared_buffers: '64MB',
      ...this.#settings,
    }
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
    const [command, all] = asUser('postgres', ['-D', join(this.folder, 'data'), ...flags])
    this.#process = spawn(command, all, { stdio: 'ignore', cwd: tmpdir() })
    for (let tries = 0; ; tries++)
      try {
        await this.query('SELECT 1')
        return
      } catch (error) {
        if (tries > 600 || this.#process.exitCode !== null) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error('the cluster does not run')
    return pid
  }

  /** SIGQUIT leaves no time for anything, as a power cut; SIGKILL ends the postmaster alone, and its children follow. */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const running = this.#process
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }

  async promote(): Promise<void> {
    await runProgram('pg_ctl', ['promote', '-w', '-D', join(this.folder, 'data')])
  }

  async query(
    text: string,
    database = 'postgres',
    values: unknown[] = [],
  ): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ host: '127.0.0.1', port: this.port, user: 'gengfu', database })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  url(database: string): string {
    return `postgres://gengfu@127.0.0.1:${this.port}/${database}`
  }

  address(database: string): PostgresAddress {
    return { servers: [{ host: '127.0.0.1', port: this.port }], database, user: 'gengfu' }
  }

  async drop(): Promise<void> {
    await this.end('SIGQUIT')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

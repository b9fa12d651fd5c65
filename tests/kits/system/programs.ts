// Real processes for tests: starts gateway and centre from the build with a config in a temporary folder, reads their
// output, kills exactly the started processes.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'yaml'
import { builtCommand } from './require-build.ts'

/** A longer start has failed; the disk of a busy machine alone can take half a minute. */
const startMsMax = 60_000

export interface LogLine {
  msg?: string
  level?: number
  [fact: string]: unknown
}

/** One running program; `log` has every line it wrote on stdout, newest last. */
export class Program {
  readonly log: LogLine[] = []
  readonly errors: string[] = []
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[], wrap: readonly string[] = []) {
    const [file = process.execPath, ...rest] = [...wrap, process.execPath, builtCommand(), ...args]
    this.#child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.exited = new Promise((resolve) =>
      this.#child.once('exit', (code, signal) => {
        resolve({ code, signal })
        for (const check of this.#waiting) check()
      }),
    )
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.#hear(line),
    )
    createInterface({ input: this.#child.stderr as NodeJS.ReadableStream }).on('line', (line) =>
      this.errors.push(line),
    )
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  #hear(line: string): void {
    try {
      this.log.push(JSON.parse(line) as LogLine)
    } catch {
      this.errors.push(line)
    }
    if (this.log.length > 5000) this.log.splice(0, 1000)
    for (const check of this.#waiting) check()
  }

  /** The first line with this message, also one from before; rejects when the program ends first. */
  said(message: string): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(new Error(`"${message}" was not said in time\n${this.tail()}`)),
        startMsMax,
      )
      const finish = (outcome: LogLine | Error): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      const check = (): void => {
        const line = this.log.find(({ msg }) => msg === message)
        if (line) finish(line)
        else if (!this.isRunning) finish(new Error(`ended before it said "${message}"\n${this.tail()}`))
      }
      this.#waiting.add(check)
      check()
    })
  }

  tail(): string {
    return [...this.log.slice(-8).map((line) => JSON.stringify(line)), ...this.errors.slice(-8)].join('\n')
  }

  async end(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.isRunning) this.#child.kill(signal)
    return this.exited
  }
}

/** The output of one command; rejects with its stderr when it fails. */
export async function runCommand(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [builtCommand(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let problem = ''
  child.stdout.on('data', (data: Buffer) => (text += data.toString()))
  child.stderr.on('data', (data: Buffer) => (problem += data.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`gengfu ${args.join(' ')} ended with ${code}: ${problem}`)
  return text.trim()
}

/** A port on loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

export interface TestTown {
  folder: string
  ports: { http: number; uplink: number; mqtt: number; console: number }
  centreFile: string
  gatewayFile: string
  boxId: string
  startCentre(wrap?: readonly string[]): Promise<Program>
  startGateway(wrap?: readonly string[]): Promise<Program>
  token(): Promise<string>
  get<T>(path: string): Promise<T>
  /** Ends the remaining processes and removes the folder. */
  close(): Promise<void>
}

/** The uplink as a test needs it, none on request, with the town's own address unless the test gives another. */
function withUrl(gateway: { uplink?: object | undefined }, url: string): object | undefined {
  return 'uplink' in gateway && gateway.uplink === undefined ? undefined : { url, ...gateway.uplink }
}

/** A centre and a box on free loopback ports; `gateway` is merged over the box's configuration. */
export async function createTown(gateway: object = {}, centre: object = {}): Promise<TestTown> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-town-'))
  const ports = {
    http: await freePort(),
    uplink: await freePort(),
    mqtt: await freePort(),
    console: await freePort(),
  }
  const boxId = '320612104201-1'
  const write = (name: string, config: object): string => {
    const file = join(folder, name)
    writeFileSync(file, stringify(config))
    return file
  }
  const centreFile = write('centre.yaml', {
    dataDir: join(folder, 'centre'),
    http: { host: '127.0.0.1', port: ports.http },
    uplink: { listeners: [{ host: '127.0.0.1', port: ports.uplink }], anonymous: true },
    clock: { isKept: true },
    ...centre,
  })
  const gatewayFile = write('gateway.yaml', {
    box: { id: boxId, name: 'test village' },
    dataDir: join(folder, 'gateway'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: ports.mqtt }], anonymous: true },
    console: { host: '127.0.0.1', port: ports.console },
    ...gateway,
    uplink: withUrl(gateway, `mqtt://127.0.0.1:${ports.uplink}`),
  })
  const started: Program[] = []
  const start = async (args: string[], ready: string, wrap: readonly string[] = []): Promise<Program> => {
    const program = new Program(args, wrap)
    started.push(program)
    await program.said(ready)
    return program
  }
  let bearer: Promise<string> | undefined
  const town: TestTown = {
    folder,
    ports,
    centreFile,
    gatewayFile,
    boxId,
    startCentre: (wrap) => start(['centre', '--config', centreFile], 'centre is listening', wrap),
    startGateway: (wrap) => start(['gateway', '--config', gatewayFile], 'gateway is listening', wrap),
    token: () =>
      (bearer ??= runCommand([
        'centre',
        'token',
        '--config',
        centreFile,
        '--role',
        'operator',
        '--name',
        'test',
      ])),
    async get<T>(path: string): Promise<T> {
      const answer = await fetch(`http://127.0.0.1:${ports.http}${path}`, {
        headers: { Authorization: `Bearer ${await town.token()}` },
      })
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
    async close() {
      await Promise.all(started.map((program) => program.end('SIGKILL')))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return town
}

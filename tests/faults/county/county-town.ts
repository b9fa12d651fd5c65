// The county of the campaign: a primary with its synchronous standby, several centres as processes, each with lines of its own to both
// database machines, boxes that never stop sending, a desk at every centre and a program that reads everything.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createToken } from '../../../centre/cli/accounts.ts'
import { parseCentreConfig } from '../../../centre/config/config.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom, createSystemRandom, type Random } from '../../../protocols/kit/random.ts'
import { pause } from '../../bench/options.ts'
import { Cluster } from '../../kits/postgres/cluster.ts'
import { freePort, Program } from '../../kits/system/programs.ts'
import { CountyBox } from './county-box.ts'
import { CountyDesk, CountyReader } from './county-desk.ts'
import { DatabaseLine } from './database-line.ts'

/** The name of each standby, so that a promoted one waits for the next. */
const standbyName = 'county'
/** Until an operator, or Patroni, notices that the primary is gone. */
const noticedMsMax = 5000
const loadEveryMs = 100
const pressEveryMs = 400

export interface CountyOptions {
  folder: string
  seed: number
  centres: number
  boxes: number
}

export interface CountyCentre {
  file: string
  ports: { http: number; uplink: number }
  /** One to each database machine. */
  lines: DatabaseLine[]
  program: Program
}

export class CountyTown {
  readonly random: Random
  readonly centres: CountyCentre[] = []
  readonly boxes: CountyBox[] = []
  readonly desks: CountyDesk[] = []
  /** Ids of all alarms that were pressed. */
  readonly pressed: string[] = []
  reader!: CountyReader
  primary!: Cluster
  standby!: Cluster
  /** Which of the two machines is the primary: the lines of this number lead to it. */
  #primaryAt = 0
  readonly #options: CountyOptions
  #load: NodeJS.Timeout | undefined

  constructor(options: CountyOptions) {
    this.#options = options
    this.random = createSeededRandom(options.seed)
  }

  async start(): Promise<void> {
    this.primary = await Cluster.create()
    await this.primary.query('CREATE DATABASE town')
    // Before the copy is made, so that it has the setting too.
    await this.primary.query(`ALTER SYSTEM SET synchronous_standby_names = '${standbyName}'`)
    await this.primary.query('SELECT pg_reload_conf()')
    await this.#makeStandby()
    for (let at = 0; at < this.#options.centres; at++) await this.#addCentre(at)
    const token = this.#token()
    const uplinks = this.centres.map(({ ports }) => ports.uplink)
    for (const { ports } of this.centres) this.desks.push(new CountyDesk(ports.http, token))
    this.reader = new CountyReader(
      this.centres.map(({ ports }) => ports.http),
      token,
    )
    for (let at = 0; at < this.#options.boxes; at++)
      this.boxes.push(new CountyBox({ id: `village-${at}`, ports: uplinks, random: this.random }))
    this.#startLoad()
  }

  async #makeStandby(): Promise<void> {
    this.standby = await Cluster.create({ standbyOf: this.primary, name: standbyName })
    this.#point()
  }

  #point(): void {
    for (const { lines } of this.centres) {
      const [ofPrimary, ofStandby] = [lines[this.#primaryAt], lines[1 - this.#primaryAt]]
      if (ofPrimary) ofPrimary.target = this.primary.port
      if (ofStandby) ofStandby.target = this.standby.port
    }
  }

  #config(at: number, lines: readonly DatabaseLine[], ports: CountyCentre['ports']): object {
    const servers = lines.map(({ port }) => `127.0.0.1:${port}`).join(',')
    const dataDir = join(this.#options.folder, `centre-${at}`)
    mkdirSync(dataDir, { recursive: true })
    return {
      dataDir,
      storage: { url: `postgres://gengfu@${servers}/town` },
      http: { host: '127.0.0.1', port: ports.http },
      uplink: { listeners: [{ host: '127.0.0.1', port: ports.uplink }], anonymous: true },
      clock: { isKept: true },
    }
  }

  async #addCentre(at: number): Promise<void> {
    const lines = [await new DatabaseLine().open(), await new DatabaseLine().open()]
    const ports = { http: await freePort(), uplink: await freePort() }
    const file = join(this.#options.folder, `centre-${at}.json`)
    writeFileSync(file, JSON.stringify(this.#config(at, lines, ports)))
    const made = { file, ports, lines }
    for (const [slot, line] of lines.entries())
      line.target = slot === this.#primaryAt ? this.primary.port : this.standby.port
    this.centres.push({ ...made, program: await startProgram(file) })
  }

  #token(): string {
    const parsed = parseCentreConfig({
      dataDir: this.#options.folder,
      storage: { url: this.primary.url('town') },
      http: { host: '127.0.0.1', port: 0 },
    })
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    const made = { config: parsed.value, clock: createSystemClock(), random: createSystemRandom() }
    return createToken(made, { name: 'li', role: 'supervisor' })
  }

  #startLoad(): void {
    let pressMs = 0
    this.#load = setInterval(() => {
      for (const box of this.boxes) if (this.random.next() < 0.3) box.note(this.random.between(1, 3))
      pressMs += loadEveryMs
      if (pressMs < pressEveryMs) return
      pressMs = 0
      this.pressed.push(this.random.pick(this.boxes).press())
    }, loadEveryMs)
  }

  /** The boxes go on living, but have nothing new to say. */
  stopLoad(): void {
    clearInterval(this.#load)
    this.#load = undefined
  }

  goOn(): void {
    if (!this.#load) this.#startLoad()
  }

  /** The primary is gone at once, the standby takes its place, and a new machine becomes its standby. */
  async failOver(): Promise<void> {
    await this.primary.end('SIGKILL')
    await pause(this.random.between(0, noticedMsMax))
    await this.standby.promote()
    const lost = this.primary
    this.primary = this.standby
    this.#primaryAt = 1 - this.#primaryAt
    await lost.drop()
    await this.#makeStandby()
  }

  /** Ends a centre without warning, and starts it again. */
  async killCentre(centre: CountyCentre): Promise<void> {
    await centre.program.end('SIGKILL')
    centre.program = await startProgram(centre.file)
  }

  async dutyHolder(): Promise<CountyCentre | undefined> {
    const [row] = await this.primary.query('SELECT holder FROM duties', 'town')
    const holder = (row?.['holder'] ?? '') as string
    const pid = Number(holder.split(' ')[1])
    return this.centres.find(({ program }) => program.pid === pid)
  }

  async end(): Promise<void> {
    this.stopLoad()
    for (const box of this.boxes) box.end()
    for (const desk of this.desks) desk.end()
    await this.reader.end()
    for (const { program, lines } of this.centres) {
      await program.end('SIGKILL')
      for (const line of lines) line.close()
    }
    await this.standby.drop()
    await this.primary.drop()
  }
}

async function startProgram(file: string): Promise<Program> {
  const program = new Program(['centre', '--config', file])
  await program.said('centre is listening')
  return program
}

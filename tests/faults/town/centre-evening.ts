// A busy evening at a centre that is killed again and again: boxes report, alarms come, and people take steps, write
// into the roster and add files. Each answered step must be there exactly once after every kill, each receipted record
// too, and each deadline once.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { PersonAnswer } from '../../../protocols/desk/roster.ts'
import { createToken } from '../../../centre/cli/accounts.ts'
import { parseCentreConfig } from '../../../centre/config/config.ts'
import { verifyAudit } from '../../../centre/storage/sqlite/audit-chain.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom, createSystemRandom, type Random } from '../../../protocols/kit/random.ts'
import { makeAlarm, makeEvent, TestBox } from '../../contract/centre/centre-parts.ts'
import { freePort, Program } from '../../kits/system/programs.ts'

export interface EveningOptions {
  folder: string
  seed: number
  kills: number
  /** A kill comes after this many answered steps, more or less. */
  stepsPerKill: number
  progress?: (text: string) => void
}

export interface EveningResult {
  kills: number
  answeredSteps: number
  receipted: number
  deadlines: number
  /** Answered steps that are not there, and steps that are there twice. */
  lost: string[]
  doubled: string[]
  /** Deadlines of a case and step that fired more than once, or not at all although they are over. */
  deadlinesDoubled: string[]
  deadlinesSilent: string[]
  /** Of receipted records. */
  recordsMissing: number
  isTrailWhole: boolean
}

const box = '320612104201-1'
const perReport = 20
/** Deadlines come within the evening: 75, 100 and 150 % of this. */
const acceptLimitMs = 1000
const startMsMax = 60_000

/** A JPEG of a few bytes that no other has. */
function photo(text: string): Uint8Array {
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(text), Buffer.from([0xff, 0xd9])])
}

interface Answered {
  notes: string[]
  people: string[]
  files: string[]
  cases: Set<string>
}

class Evening {
  readonly #options: EveningOptions
  readonly #random: Random
  readonly #config: string
  readonly #port: { http: number; uplink: number }
  readonly #token: string
  readonly answered: Answered = { notes: [], people: [], files: [], cases: new Set() }
  receipted = 0
  #alarms = 0
  #steps = 0
  #program: Program | undefined

  constructor(options: EveningOptions, port: { http: number; uplink: number }) {
    this.#options = options
    this.#random = createSeededRandom(options.seed)
    this.#port = port
    this.#config = join(options.folder, 'centre.yaml')
    const config = {
      dataDir: join(options.folder, 'data'),
      http: { host: '127.0.0.1', port: port.http },
      uplink: { listeners: [{ host: '127.0.0.1', port: port.uplink }], anonymous: true },
      cases: { limitsMs: { accept: { red: acceptLimitMs, orange: acceptLimitMs } } },
    }
    writeFileSync(this.#config, JSON.stringify(config))
    const parsed = parseCentreConfig(config)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    const made = { config: parsed.value, clock: createSystemClock(), random: createSystemRandom() }
    this.#token = createToken(made, { name: 'li', role: 'supervisor' })
  }

  get database(): string {
    return join(this.#options.folder, 'data', 'centre.db')
  }

  async start(): Promise<void> {
    this.#program = new Program(['centre', '--config', this.#config])
    await this.#program.said('centre is listening')
  }

  async kill(): Promise<void> {
    await this.#program?.end('SIGKILL')
  }

  async #post<T>(path: string, body: object | Uint8Array, type = 'application/json'): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.#port.http}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': type },
      body: body instanceof Uint8Array ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(startMsMax),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  /** A whole number, both ends in. */
  #between(from: number, to: number): number {
    return this.#random.between(from, to)
  }

  /** One act of a person, noted only when it was answered. */
  async #act(): Promise<void> {
    const name = `step ${++this.#steps}`
    const cases = [...this.answered.cases]
    const item = cases[this.#between(0, Math.max(0, cases.length - 1))]
    const kind = this.#between(0, 9)
    if (kind === 0) {
      const person = {
        name,
        role: 'volunteer',
        villages: [box.slice(0, 12)],
        consent: { how: 'paper', atMs: 1 },
      }
      await this.#post<PersonAnswer>('roster', person)
      this.answered.people.push(name)
    } else if (kind === 1 && item !== undefined) {
      const path = `cases/${item}/attachments?name=${encodeURIComponent(name)}`
      await this.#post(path, photo(name), 'image/jpeg')
      // The centre gives the name the ending of its type.
      this.answered.files.push(`${name}.jpg`)
    } else if (item !== undefined) {
      await this.#post(`cases/${item}/note`, { text: name })
      this.answered.notes.push(name)
    }
  }

  /** A red or orange alarm, and the case that it opened. */
  async #raise(boxed: TestBox, next: Map<string, number>): Promise<void> {
    const colour = this.#between(0, 1) === 0 ? 'red' : 'orange'
    const number = next.get(colour) ?? 1
    next.set(colour, number + 1)
    const id = `a-${++this.#alarms}`
    const part = { id, device: `d-${this.#alarms}`, colour, latchedColour: colour } as const
    await boxed.report(colour, number, [makeAlarm(1_000_000 + this.#alarms, 'raised', part)])
    const found = await fetch(`http://127.0.0.1:${this.#port.http}/api/v1/alarms/${box}.${id}/case`, {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(startMsMax),
    })
    if (found.ok) this.answered.cases.add(((await found.json()) as CaseAnswer).case.id)
  }

  /** Where the centre stands with the box's lanes; a box would know it from its Receipts. */
  #stored(): Map<string, number> {
    const db = new Database(this.database, { readonly: true, fileMustExist: false })
    const lanes = ['red', 'orange']
    const next = new Map<string, number>()
    for (const [at, name] of lanes.entries()) {
      const last = db.prepare('SELECT max(number) FROM records WHERE lane = ?').pluck().get(at) as
        | number
        | null
      next.set(name, (last ?? 0) + 1)
    }
    db.close()
    return next
  }

  /** From a start to a kill at a random moment. */
  async round(): Promise<void> {
    await this.start()
    const next = this.#stored()
    const boxed = await new TestBox(`mqtt://127.0.0.1:${this.#port.uplink}`, box).ready()
    let isOver = false
    let [sent, flying] = [this.receipted + 1, 0]
    const report = (): void => {
      while (!isOver && flying < 5) {
        flying++
        const records = Array.from({ length: perReport }, (_, at) => makeEvent(sent + at))
        boxed
          .report('routine', sent, records)
          .catch(() => undefined)
          .finally(() => flying--)
        sent += perReport
      }
    }
    boxed.client.on('message', () => {
      this.receipted = Math.max(this.receipted, boxed.receipts.at(-1)?.lanes.routine?.storedTo ?? 0)
    })
    const people = (async () => {
      while (!isOver) {
        report()
        if (this.#between(0, 4) === 0) await this.#raise(boxed, next)
        else await this.#act()
      }
    })().catch(() => undefined)
    const goal = this.#steps + this.#between(1, 2 * this.#options.stepsPerKill)
    while (this.#steps < goal && this.#program?.isRunning === true)
      await new Promise((resolve) => setTimeout(resolve, this.#between(0, 15)))
    await this.kill()
    isOver = true
    await boxed.end()
    await people
  }
}

interface EventRow {
  number: number
  what: string
  text: string
  subject: string | null
}

function judge(evening: Evening, nowMs: number): Omit<EveningResult, 'kills'> {
  const db = new Database(evening.database)
  try {
    const { notes, people, files } = evening.answered
    const lost: string[] = []
    const doubled: string[] = []
    const check = (names: readonly string[], counts: ReadonlyMap<string, number>): void => {
      for (const name of names) if (!counts.has(name)) lost.push(name)
      for (const [name, count] of counts) if (count > 1) doubled.push(name)
    }
    const countsOf = (sql: string): Map<string, number> =>
      new Map((db.prepare(sql).raw().all() as [string, number][]).map(([name, count]) => [name, count]))
    check(notes, countsOf("SELECT text, count(*) FROM case_events WHERE what = 'note' GROUP BY text"))
    check(people, countsOf("SELECT body ->> '$.name' AS name, count(*) FROM roster GROUP BY name"))
    check(files, countsOf('SELECT name, count(*) FROM attachments GROUP BY name'))
    const fired = new Map<string, number>()
    const events = db
      .prepare(
        "SELECT number, what, text, subject FROM case_events WHERE what IN ('deadline-amber', 'deadline-red', 'supervisor-called')",
      )
      .all() as EventRow[]
    for (const { number, what, subject } of events) {
      const key = `case-${number} ${what} ${subject}`
      fired.set(key, (fired.get(key) ?? 0) + 1)
    }
    const overdue = db
      .prepare("SELECT number FROM cases WHERE state = 'open' AND opened_at_ms < ?")
      .pluck()
      .all(nowMs - 3 * acceptLimitMs) as number[]
    const deadlinesSilent = overdue.flatMap((number) =>
      ['deadline-amber', 'deadline-red', 'supervisor-called']
        .map((what) => `case-${number} ${what} accept`)
        .filter((key) => !fired.has(key)),
    )
    const stored = db
      .prepare('SELECT count(DISTINCT number) FROM records WHERE lane = 4 AND number <= ?')
      .pluck()
      .get(evening.receipted) as number
    return {
      answeredSteps: notes.length + people.length + files.length,
      receipted: evening.receipted,
      deadlines: events.length,
      lost,
      doubled,
      deadlinesDoubled: [...fired].filter(([, count]) => count > 1).map(([key]) => key),
      deadlinesSilent,
      recordsMissing: evening.receipted - stored,
      isTrailWhole: verifyAudit(db).isGood,
    }
  } finally {
    db.close()
  }
}

export async function runEvening(options: EveningOptions): Promise<EveningResult> {
  const evening = new Evening(options, { http: await freePort(), uplink: await freePort() })
  for (let kill = 1; kill <= options.kills; kill++) {
    await evening.round()
    if (kill % 10 === 0) options.progress?.(`${kill} kills`)
  }
  // The deadlines that fell into the dark come once the centre is back.
  await evening.start()
  await new Promise((resolve) => setTimeout(resolve, 4 * acceptLimitMs))
  await evening.kill()
  return { kills: options.kills, ...judge(evening, Date.now()) }
}

/** Words for each broken promise; none when all were kept. */
export function brokenOf(result: EveningResult): string[] {
  return [
    ...result.lost.map((name) => `lost: ${name}`),
    ...result.doubled.map((name) => `doubled: ${name}`),
    ...result.deadlinesDoubled.map((name) => `fired more than once: ${name}`),
    ...result.deadlinesSilent.map((name) => `never fired: ${name}`),
    ...(result.recordsMissing > 0 ? [`${result.recordsMissing} receipted records are missing`] : []),
    ...(result.isTrailWhole ? [] : ['the audit trail is broken']),
  ]
}

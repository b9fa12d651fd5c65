// A town reports to a county over TLS, over a line that is cut again and again, while both centres are killed at random
// moments. Each case of the town must be at the county exactly once, and red must come before what waited longer.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseAnswer } from '../../../protocols/desk/cases.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { createToken } from '../../../centre/cli/accounts.ts'
import { parseCentreConfig } from '../../../centre/config/config.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom, createSystemRandom, type Random } from '../../../protocols/kit/random.ts'
import { makeAlarm, TestBox, until } from '../../contract/centre/centre-parts.ts'
import { createAuthority } from '../../kits/broker/certificates.ts'
import { CutLine } from '../../kits/network/cut-line.ts'
import { freePort, Program } from '../../kits/system/programs.ts'

const [town, village] = ['320612104', '320612104201']
const answerMsMax = 60_000
/** Alarms raised between two faults. */
const perRoundMax = 4

export interface TownCountyOptions {
  folder: string
  seed: number
  kills: number
  progress?: (text: string) => void
}

export interface TownCountyResult {
  kills: { town: number; county: number }
  cuts: number
  cases: number
  lost: string[]
  doubled: string[]
  /** A yellow case came before a red one that was there with it. */
  isRedFirst: boolean
}

interface Stored {
  epoch: string
  lane: string
  number: number
  receivedAtMs: number
  record: JournalRecord
}

/** One centre as a process that is started again after each kill. */
class KilledCentre {
  readonly #file: string
  readonly #port: number
  readonly #token: string
  #program: Program | undefined
  kills = 0

  constructor(file: string, config: { http: { port: number }; [key: string]: unknown }) {
    writeFileSync(file, JSON.stringify(config))
    const parsed = parseCentreConfig(config)
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
    const made = { config: parsed.value, clock: createSystemClock(), random: createSystemRandom() }
    this.#file = file
    this.#port = config.http.port
    this.#token = createToken(made, { name: 'li', role: 'supervisor' })
  }

  async start(): Promise<void> {
    this.#program = new Program(['centre', '--config', this.#file])
    await this.#program.said('centre is listening')
  }

  async kill(): Promise<void> {
    this.kills++
    await this.#program?.end('SIGKILL')
    await this.start()
  }

  async end(): Promise<void> {
    await this.#program?.end('SIGKILL')
  }

  async ask<T>(path: string, body?: object): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(answerMsMax),
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  /** Asked again after a kill: a person presses once more. */
  persist<T>(path: string, body?: object): Promise<T> {
    return until(() =>
      this.ask<T>(path, body).catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith(path)) throw error
        return undefined
      }),
    )
  }
}

class TownAndCounty {
  readonly #options: TownCountyOptions
  readonly #random: Random
  readonly #ports: { town: number; uplink: number; county: number; above: number }
  readonly line = new CutLine()
  cuts = 0
  town!: KilledCentre
  county!: KilledCentre
  #number = 0
  /** Ids of cases that must be at the county. */
  readonly wanted = new Set<string>()

  constructor(
    options: TownCountyOptions,
    ports: { town: number; uplink: number; county: number; above: number },
  ) {
    this.#options = options
    this.#random = createSeededRandom(options.seed)
    this.#ports = ports
  }

  async start(): Promise<void> {
    const { folder } = this.#options
    const at = (name: string): string => join(folder, name)
    const authority = await createAuthority()
    const [server, own] = [await authority.issueServer(), await authority.issueDevice(town)]
    writeFileSync(at('ca.pem'), authority.cert)
    for (const [name, issued] of [
      ['county', server],
      ['town', own],
    ] as const) {
      writeFileSync(at(`${name}.pem`), issued.cert)
      writeFileSync(at(`${name}.key`), issued.key, { mode: 0o600 })
    }
    const tls = { certFile: at('county.pem'), keyFile: at('county.key'), caFile: at('ca.pem') }
    const http = (port: number) => ({ host: '127.0.0.1', port })
    this.county = new KilledCentre(at('county.json'), {
      dataDir: at('county-data'),
      http: http(this.#ports.county),
      uplink: { listeners: [{ ...http(this.#ports.above), tls }] },
    })
    const port = await this.line.open(this.#ports.above)
    const files = { caFile: at('ca.pem'), certFile: at('town.pem'), keyFile: at('town.key') }
    this.town = new KilledCentre(at('town.json'), {
      dataDir: at('town-data'),
      http: http(this.#ports.town),
      uplink: { listeners: [http(this.#ports.uplink)], anonymous: true },
      upward: { url: `mqtts://127.0.0.1:${port}`, id: town, byRule: ['red'], ...files },
    })
    await this.county.start()
    await this.town.start()
  }

  async stop(): Promise<void> {
    this.line.close()
    await Promise.all([this.town.end(), this.county.end()])
  }

  /** Stored at the town; a box sends again until it has the Receipt. */
  async raise(colour: 'red' | 'yellow'): Promise<string> {
    const number = ++this.#number
    const id = `a-${number}`
    const part = {
      id,
      device: `d-${number}`,
      colour,
      latchedColour: colour,
      kind: colour === 'red' ? 'sos' : 'leak',
    } as const
    await until(async () => {
      const box = await new TestBox(`mqtt://127.0.0.1:${this.#ports.uplink}`, `${village}-${number}`)
        .ready()
        .catch(() => undefined)
      if (!box) return undefined
      await Promise.race([
        box.report(colour, 1, [makeAlarm(1, 'raised', part)]),
        new Promise<void>((resolve) => box.client.once('close', () => resolve())),
      ]).catch(() => undefined)
      const isStored = box.receipts.some(({ lanes }) => (lanes[colour]?.storedTo ?? 0) >= 1)
      await box.end()
      return isStored
    })
    const { case: item } = await this.town.persist<CaseAnswer>(`alarms/${village}-${number}.${id}/case`)
    if (colour === 'yellow') await this.#report(item.id)
    this.wanted.add(item.id)
    return item.id
  }

  async #report(id: string): Promise<void> {
    await this.town.persist(`cases/${id}/accept`, {})
    await this.town.persist(`cases/${id}/report`, { to: 'county', text: '' })
  }

  async fault(): Promise<void> {
    const kind = this.#random.between(0, 3)
    if (kind === 0) await this.town.kill()
    else if (kind === 1) await this.county.kill()
    else {
      this.cuts++
      this.line.cut(kind === 2)
    }
  }

  async round(): Promise<void> {
    const count = this.#random.between(1, perRoundMax)
    const people = (async () => {
      for (let i = 0; i < count; i++) await this.raise(this.#random.between(0, 1) === 0 ? 'red' : 'yellow')
    })()
    await new Promise((resolve) => setTimeout(resolve, this.#random.between(0, 600)))
    await this.fault()
    await people
  }

  async there(): Promise<Stored[]> {
    const found: Stored[] = []
    for (let after = ''; ;) {
      const path = `events?box=${town}&limit=1000&after=${encodeURIComponent(after)}`
      const page = await this.county.persist<{ events: Stored[]; next: string; isEnd: boolean }>(path)
      found.push(...page.events)
      if (page.isEnd) return found
      after = page.next
    }
  }

  /** All that must be there is there. */
  async settle(): Promise<void> {
    this.line.cut(true)
    const deadlineMs = Date.now() + 2 * answerMsMax
    await until(async () => {
      const ids = new Set((await this.there()).flatMap(({ record }) => idOf(record) ?? []))
      return [...this.wanted].every((id) => ids.has(id)) || Date.now() > deadlineMs
    })
  }
}

const idOf = (record: JournalRecord): string | undefined =>
  record.type === 'alarm' ? record.alarm.id : undefined

/** Whether red comes first after a line that was down while both waited. */
async function isRedFirst(both: TownAndCounty): Promise<boolean> {
  await both.settle()
  const known = (await both.there()).length
  both.line.cut(false)
  for (let i = 0; i < 6; i++) await both.raise('yellow')
  for (let i = 0; i < 2; i++) await both.raise('red')
  await both.settle()
  const fresh = (await both.there()).toSorted((a, b) => a.receivedAtMs - b.receivedAtMs).slice(known)
  const times = (lane: string): number[] =>
    fresh.filter((one) => one.lane === lane).map(({ receivedAtMs }) => receivedAtMs)
  return Math.max(...times('red')) <= Math.min(...times('yellow'))
}

export async function runTownCounty(options: TownCountyOptions): Promise<TownCountyResult> {
  const ports = {
    town: await freePort(),
    uplink: await freePort(),
    county: await freePort(),
    above: await freePort(),
  }
  const both = new TownAndCounty(options, ports)
  try {
    await both.start()
    const kills = (): number => both.town.kills + both.county.kills
    while (kills() < options.kills) {
      const before = kills()
      await both.round()
      if (kills() > before && kills() % 10 === 0)
        options.progress?.(`${kills()} kills, ${both.wanted.size} cases`)
    }
    const redFirst = await isRedFirst(both)
    const records = await both.there()
    const raised = records.flatMap(({ record }) =>
      record.type === 'alarm' && record.change === 'raised' ? [record.alarm.id] : [],
    )
    const places = records.map(({ epoch, lane, number }) => `${epoch} ${lane} ${number}`)
    const twice = (all: readonly string[]): string[] => all.filter((one, at) => all.indexOf(one) !== at)
    return {
      kills: { town: both.town.kills, county: both.county.kills },
      cuts: both.cuts,
      cases: both.wanted.size,
      lost: [...both.wanted].filter((id) => !raised.includes(id)),
      doubled: [...twice(raised), ...twice(places)],
      isRedFirst: redFirst,
    }
  } finally {
    await both.stop()
  }
}

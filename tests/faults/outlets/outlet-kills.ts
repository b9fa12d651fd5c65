// Is anything that was due to a receiver lost when the centre is killed at random moments, and does what arrives twice have the same id? A real
// centre, receivers that are slow, refuse, close and lie, and red alarms all the time.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createSeededRandom, type Random } from '../../../protocols/kit/random.ts'
import { makeAlarm, TestBox } from '../../contract/centre/centre-parts.ts'
import { freePort, Program } from '../../kits/system/programs.ts'
import { note, openStation, openWebhook, type Got } from './receivers.ts'

export interface OutletKillPlan {
  folder: string
  seed: number
  kills: number
  progress?: (text: string) => void
}

export interface OutletKillResult {
  kills: number
  alarms: number
  handedOver: number
  /** Messages that came more than once. */
  repeats: number
  /** A case and a receiver that never got it. */
  lost: string[]
  /** A case and a receiver that got it under two ids. */
  renamed: string[]
  /** Still waiting, or failed, in the file of the centre. */
  unfinished: string[]
}

const box = '320612104201-1'
const pauseMsMax = 400
const drainMsMax = 120_000

function gotFiles(folder: string): Got {
  const got: Got = new Map()
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const {
      case: item,
      id,
      step,
    } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>
    if (step === 'raised') note(got, item ?? '', id ?? '')
  }
  return got
}

interface Yard {
  config: string
  database: string
  uplink: number
  got: { hook: Got; station: Got }
  outFolder: string
  close: () => void
}

async function openYard({ folder, seed }: OutletKillPlan): Promise<Yard> {
  const random = createSeededRandom(seed + 1)
  const got: Yard['got'] = { hook: new Map(), station: new Map() }
  const [hook, station] = [
    await openWebhook(got.hook, random, 'case'),
    await openStation(got.station, random, /case-\d+/),
  ]
  const [http, uplink] = [await freePort(), await freePort()]
  const outFolder = join(folder, 'out')
  mkdirSync(outFolder)
  const rules = [{ colours: ['red'] }]
  const common = { rules, followUps: [], timeoutSeconds: 2 }
  const config = {
    dataDir: join(folder, 'data'),
    http: { host: '127.0.0.1', port: http },
    uplink: { listeners: [{ host: '127.0.0.1', port: uplink }], anonymous: true },
    outlets: [
      { ...common, name: 'hook', type: 'webhook', url: hook.url },
      {
        ...common,
        name: 'station',
        type: 'sia-dc09',
        account: '1234',
        sendsText: true,
        receivers: [{ host: '127.0.0.1', port: station.port }],
      },
      { ...common, name: 'folder', type: 'file', folder: outFolder },
    ],
  }
  writeFileSync(join(folder, 'centre.yaml'), JSON.stringify(config))
  return {
    config: join(folder, 'centre.yaml'),
    database: join(folder, 'data', 'centre.db'),
    uplink,
    got,
    outFolder,
    close: () => {
      hook.server.closeAllConnections()
      hook.server.close()
      station.server.close()
    },
  }
}

/** The next number of the red lane, as a box would know it from its Receipts. */
function nextRed(database: string): number {
  const db = new Database(database, { readonly: true })
  try {
    return (
      ((db.prepare('SELECT max(number) FROM records WHERE lane = 0').pluck().get() as number | null) ?? 0) + 1
    )
  } finally {
    db.close()
  }
}

interface Deliveries {
  waiting: number
  rows: { outlet: string; item: string; state: string }[]
}

function deliveriesOf(database: string): Deliveries {
  const db = new Database(database, { readonly: true })
  try {
    const rows = db
      .prepare("SELECT outlet, 'case-' || case_number AS item, state FROM deliveries WHERE step = 'raised'")
      .all() as Deliveries['rows']
    return { rows, waiting: rows.filter(({ state }) => state === 'waiting').length }
  } finally {
    db.close()
  }
}

/** Those that the rule is about: the centre opens orange ones of its own, about a receiver that fails. */
const casesOf = (database: string): string[] => {
  const db = new Database(database, { readonly: true })
  try {
    return db
      .prepare("SELECT 'case-' || number FROM cases WHERE body ->> '$.colour' = 'red'")
      .pluck()
      .all() as string[]
  } finally {
    db.close()
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function start(yard: Yard): Promise<Program> {
  const program = new Program(['centre', '--config', yard.config])
  await program.said('centre is listening')
  return program
}

/** From a start to a kill: alarms of a few devices, each its own case. */
async function round(yard: Yard, random: Random, alarms: { made: number }): Promise<void> {
  const program = await start(yard)
  const boxed = await new TestBox(`mqtt://127.0.0.1:${yard.uplink}`, box).ready()
  const killed = pause(20 + random.next() * pauseMsMax).then(() => program.end('SIGKILL'))
  let number = nextRed(yard.database)
  const wanted = random.between(1, 4)
  for (let at = 0; at < wanted; at++) {
    const id = `a-${++alarms.made}`
    const part = { id, device: `d-${alarms.made}`, zone: `house-${alarms.made}` }
    boxed.report('red', number, [makeAlarm(number, 'raised', part)]).catch(() => undefined)
    number++
    await pause(random.next() * 30)
  }
  await killed
  await boxed.end()
}

function judge(yard: Yard, kills: number, alarms: number): OutletKillResult {
  const got = { ...yard.got, folder: gotFiles(yard.outFolder) }
  const { rows } = deliveriesOf(yard.database)
  const [lost, renamed]: [string[], string[]] = [[], []]
  let repeats = 0
  const cases = casesOf(yard.database)
  for (const [outlet, of] of Object.entries(got) as [string, Got][])
    for (const item of cases) {
      const ids = of.get(item)
      if (!ids) lost.push(`${item} at ${outlet}`)
      else if (ids.size > 1) renamed.push(`${item} at ${outlet}: ${[...ids.keys()].join(', ')}`)
      for (const times of ids?.values() ?? []) repeats += times - 1
    }
  const unfinished = rows
    .filter(({ state }) => state === 'waiting' || state === 'failed')
    .map(({ outlet, item, state }) => `${item} at ${outlet}: ${state}`)
  return { kills, alarms, handedOver: rows.length - unfinished.length, repeats, lost, renamed, unfinished }
}

export async function runOutletKills(plan: OutletKillPlan): Promise<OutletKillResult> {
  const random = createSeededRandom(plan.seed)
  const yard = await openYard(plan)
  const alarms = { made: 0 }
  let last: Program | undefined
  try {
    // The file exists before the first look into it.
    await (await start(yard)).end('SIGTERM')
    for (let kill = 1; kill <= plan.kills; kill++) {
      await round(yard, random, alarms)
      if (kill % 10 === 0) plan.progress?.(`${kill} kills, ${alarms.made} alarms`)
    }
    last = await start(yard)
    const endMs = performance.now() + drainMsMax
    const due = (): boolean => {
      const { rows, waiting } = deliveriesOf(yard.database)
      return waiting > 0 || rows.length < 3 * casesOf(yard.database).length
    }
    while (due() && performance.now() < endMs) await pause(200)
    return judge(yard, plan.kills, alarms.made)
  } finally {
    await last?.end('SIGTERM')
    yard.close()
  }
}

// How many records a second does storage put into PostgreSQL, beside a script that does nothing but `INSERT ... unnest`; and what does bulk
// cost a red record? Same server, same rows, every commit synced, in turns.
import { performance } from 'node:perf_hooks'
import pg from 'pg'
import type { IntakeBatch, Storage } from '../../../centre/storage/port.ts'
import { openPostgresStorage } from '../../../centre/storage/postgres/postgres-storage.ts'
import type { AlarmRecord } from '../../../protocols/domain/record.ts'
import { Cluster } from '../../kits/postgres/cluster.ts'

const perCommit = 600
const boxes = 20
const rounds = 3
const commitsPerRound = 60
const redsPerRound = 120
const body = JSON.stringify({
  type: 'event',
  sequence: 1,
  boot: 1,
  sinceBootMs: 1000,
  atMs: 1_760_000_000_000,
  clock: 'synced',
  device: 'door-1',
  messageId: '1-1',
  readings: { contact: 'open', batteryPercent: 87 },
})

const next = new Map<string, number>()

/** As the receiver sends it: the Reports of several boxes in one commit. That of one box can not be ended early. */
function bulk(ofBoxes = boxes): IntakeBatch {
  const count = perCommit / ofBoxes
  const lanes = Array.from({ length: ofBoxes }, (_, i) => {
    const box = `village-${i}`
    const first = next.get(box) ?? 1
    next.set(box, first + count)
    const numbers = Array.from({ length: count }, (_number, k) => first + k)
    return {
      box,
      epoch: 'abcd1234',
      lane: 'routine' as const,
      numbers,
      sequences: numbers,
      bodies: numbers.map(() => body),
      alarms: [],
      clocks: [],
      pictures: [],
      origins: [],
      skipped: [],
      settled: [[1, first + count - 1]] as [number, number][],
    }
  })
  return { receivedAtMs: 1_760_000_000_000, lanes, quarantined: [] }
}

let red = 0
function redBatch(): IntakeBatch {
  red += 1
  const record: AlarmRecord = {
    type: 'alarm',
    sequence: red,
    boot: 1,
    sinceBootMs: 1000,
    atMs: 1_760_000_000_000,
    clock: 'synced',
    change: 'raised',
    alarm: {
      id: `sos-${red}`,
      device: `button-${red}`,
      kind: 'sos',
      colour: 'red',
      latchedColour: 'red',
      state: 'unacknowledged',
      occurrences: 1,
      text: { zh: '求助', en: 'help' },
    },
  }
  const { lanes, ...batch } = bulkOf(JSON.stringify(record))
  return { ...batch, lanes: lanes.map((lane) => ({ ...lane, alarms: [record] })) }
}

const bulkOf = (text: string): IntakeBatch => ({
  receivedAtMs: 1_760_000_000_000,
  quarantined: [],
  lanes: [
    {
      box: 'village-red',
      epoch: 'abcd1234',
      lane: 'red',
      numbers: [red],
      sequences: [red],
      bodies: [text],
      alarms: [],
      clocks: [],
      pictures: [],
      origins: [],
      skipped: [],
      settled: [[1, red]],
    },
  ],
})

async function perSecond(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  for (let i = 0; i < commitsPerRound; i++) await run()
  return (commitsPerRound * perCommit * 1000) / (performance.now() - began)
}

/** ms of each red commit, one after the other with a pause. */
async function redMs(storage: Storage): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < redsPerRound; i++) {
    const began = performance.now()
    await storage.storeIntake(redBatch())
    times.push(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return times
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
const middle = (values: readonly number[]): number =>
  at(
    [...values].sort((a, b) => a - b),
    0.5,
  )
const p99 = (values: readonly number[]): number =>
  at(
    [...values].sort((a, b) => a - b),
    0.99,
  )
const show = (value: number): string => value.toFixed(value < 100 ? 2 : 0)

const shown = (values: readonly number[]): string => `p50 ${show(middle(values))} p99 ${show(p99(values))}`

async function redBeside(storage: Storage, ofBoxes: number): Promise<number[]> {
  let isOver = false
  const load = (async () => {
    while (!isOver) await storage.storeIntake(bulk(ofBoxes))
  })()
  const times = await redMs(storage)
  isOver = true
  await load
  return times
}

async function plainLoop(
  cluster: Cluster,
): Promise<{ store: () => Promise<unknown>; end: () => Promise<void> }> {
  const client = new pg.Client({ host: '127.0.0.1', port: cluster.port, user: 'gengfu', database: 'town' })
  await client.connect()
  await client.query(
    `CREATE TABLE plain (position BIGSERIAL PRIMARY KEY, box TEXT, epoch TEXT, lane INT, number BIGINT, body TEXT,
     UNIQUE (box, epoch, lane, number))`,
  )
  const text = `INSERT INTO plain (box, epoch, lane, number, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[]) ON CONFLICT DO NOTHING`
  let number = 0
  const store = (): Promise<unknown> => {
    const rows = Array.from({ length: perCommit }, () => ++number)
    const columns = [
      rows.map((n) => `village-${n % boxes}`),
      rows.map(() => 'abcd1234'),
      rows.map(() => 4),
      rows,
      rows.map(() => body),
    ]
    return client.query({ name: 'plain', text, values: columns })
  }
  return { store, end: () => client.end() }
}

export async function runPostgres(): Promise<{ share: number; redRatio: number }> {
  const cluster = await Cluster.create()
  await cluster.query('CREATE DATABASE town')
  const nowMs = 1_760_000_000_000
  const storage = await openPostgresStorage({ address: cluster.address('town'), name: 'bench', nowMs })
  const plain = await plainLoop(cluster)
  try {
    await storage.storeIntake(bulk())
    await plain.store()
    const ours: number[] = []
    const theirs: number[] = []
    for (let i = 0; i < rounds; i++) {
      ours.push(await perSecond(() => storage.storeIntake(bulk())))
      theirs.push(await perSecond(plain.store))
    }
    const share = middle(ours) / middle(theirs)
    console.log(
      `records/s  storage ${show(middle(ours))}  plain INSERT ... unnest ${show(middle(theirs))}  share ${show(share)}`,
    )
    const alone: number[] = []
    const beside: number[] = []
    const besideOneBox: number[] = []
    for (let i = 0; i < rounds; i++) {
      alone.push(...(await redMs(storage)))
      beside.push(...(await redBeside(storage, boxes)))
      besideOneBox.push(...(await redBeside(storage, 1)))
    }
    const redRatio = p99(beside) / p99(alone)
    console.log(`red ms  alone ${shown(alone)}`)
    console.log(`  beside bulk of ${boxes} boxes ${shown(beside)}  ratio of p99 ${show(redRatio)}`)
    console.log(
      `  beside bulk of one box, which is not ended early ${shown(besideOneBox)}  ratio of p99 ${show(p99(besideOneBox) / p99(alone))}`,
    )
    return { share, redRatio }
  } finally {
    await plain.end()
    await storage.close()
    await cluster.drop()
  }
}

// Does storage over PostgreSQL say "stored" only of what is stored: with a standby that does not answer, a server that is gone, and a value
// that does not fit?
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { IntakeBatch, Storage } from '../../centre/storage/port.ts'
import { openPostgresStorage } from '../../centre/storage/postgres/postgres-storage.ts'
import { until } from '../contract/centre/centre-parts.ts'
import { Cluster } from '../kits/postgres/cluster.ts'

let primary: Cluster
let standby: Cluster
let storage: Storage

beforeAll(async () => {
  primary = await Cluster.create()
  await primary.query('CREATE DATABASE town')
  standby = await Cluster.create({ standbyOf: primary, name: 'second' })
  await primary.query("ALTER SYSTEM SET synchronous_standby_names = 'second'")
  await primary.query('SELECT pg_reload_conf()')
  const { servers, ...address } = primary.address('town')
  // The standby stands first: it is passed over.
  storage = await openPostgresStorage({
    address: { ...address, servers: [...standby.address('town').servers, ...servers] },
    name: 'test',
    nowMs: 1_760_000_000_000,
  })
})
afterAll(async () => {
  await storage.close()
  await standby.drop()
  await primary.drop()
})

const batchOf = (first: number, count: number, body = '{"type":"event"}'): IntakeBatch => {
  const numbers = Array.from({ length: count }, (_, i) => first + i)
  const lane = {
    box: 'village-a',
    epoch: 'abcd1234',
    lane: 'routine' as const,
    alarms: [],
    clocks: [],
    pictures: [],
  }
  return {
    receivedAtMs: 1_760_000_000_000,
    quarantined: [],
    lanes: [
      {
        ...lane,
        numbers,
        sequences: numbers,
        bodies: numbers.map(() => body),
        origins: [],
        skipped: [],
        settled: [[1, first + count - 1]],
      },
    ],
  }
}

const stored = async (): Promise<number> => {
  const [row] = await primary.query('SELECT count(*)::int AS count FROM records', 'town')
  return row?.['count'] as number
}

test('what is answered is on both machines', async () => {
  await storage.storeIntake(batchOf(1, 300))
  expect(await stored()).toBe(300)
  const [row] = await standby.query('SELECT count(*)::int AS count FROM records', 'town')
  expect(row?.['count']).toBe(300)
})

test('the same records again are stored once', async () => {
  await storage.storeIntake(batchOf(1, 301))
  expect(await stored()).toBe(301)
})

test('a body with a character that PostgreSQL has not goes into quarantine or is stored; the others are stored', async () => {
  const batch = batchOf(400, 3)
  const [lane] = batch.lanes
  if (lane) lane.bodies[1] = `{"type":"event","text":"${String.fromCodePoint(0)}"}`
  const { spoilt } = await storage.storeIntake(batch)
  expect(spoilt.length).toBeLessThanOrEqual(1)
  expect(await stored()).toBeGreaterThanOrEqual(303)
})

test('an entry of the audit log with a character that PostgreSQL has not is sealed as it is stored', async () => {
  await storage.retireBox('village-a', 'li\0', 'a \0 word', 1_760_000_000_000)
  expect(await storage.verifyAudit()).toMatchObject({ isGood: true, entries: 1 })
})

test('bulk of one centre ends its transaction early for a red of another, and is stored as a whole', async () => {
  const at = (name: string) =>
    openPostgresStorage({ address: primary.address('town'), name, nowMs: 1_760_000_000_000 })
  const other = await at('other')
  let behind = 0
  // The red may come when the bulk is over: then once more.
  for (let attempt = 0; behind === 0 && attempt < 10; attempt++) {
    const bulk: IntakeBatch = { receivedAtMs: 1_760_000_000_000, quarantined: [], lanes: [] }
    const bodies = batchOf(1, 400).lanes
    for (let at = 0; at < 12; at++)
      bulk.lanes.push(...bodies.map((lane) => ({ ...lane, box: `bulk-${attempt}-${at}` })))
    const red = {
      ...batchOf(1, 1),
      lanes: batchOf(1, 1).lanes.map((lane) => ({ ...lane, box: `red-${attempt}`, lane: 'red' as const })),
    }
    const stored = storage.storeIntake(bulk)
    // Once the bulk has the lock of the writer.
    await until(
      async () => (await primary.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")).length > 0,
    )
    await other.storeIntake(red)
    expect((await stored).storedLanes).toBeUndefined()
    const [row] = await primary.query(
      `SELECT count(*)::int AS count, (count(*) FILTER (WHERE r.position >
         (SELECT s.position FROM records s JOIN epochs f ON f.number = s.epoch WHERE f.box = 'red-${attempt}')))::int AS behind
       FROM records r JOIN epochs e ON e.number = r.epoch WHERE e.box LIKE 'bulk-${attempt}-%'`,
      'town',
    )
    expect(row?.['count']).toBe(12 * 400)
    behind = row?.['behind'] as number
  }
  expect(behind).toBeGreaterThan(0)
  await primary.query(
    "DELETE FROM records WHERE epoch IN (SELECT number FROM epochs WHERE box <> 'village-a')",
    'town',
  )
  await other.close()
})

test('a repeat is not answered while the standby has not confirmed: its commit waits although it changes nothing', async () => {
  const unreadable = {
    box: 'village-a',
    topic: 'up/village-a/red',
    cause: 'no JSON',
    payload: Buffer.from('{'),
  }
  const times = { receivedAtMs: 1_760_000_000_000 }
  await storage.storeIntake({ ...times, lanes: [], quarantined: [unreadable] })
  await standby.end('SIGQUIT')
  const repeated = [
    { box: 'village-a', epoch: 'abcd1234', lane: 'routine' as const, number: 1, identity: 'event' },
  ]
  // As the receiver gives them: a Report whose records are all known, and an unreadable one that came before.
  const calls = [
    storage.storeIntake({ ...times, lanes: [], quarantined: [], repeated }),
    storage.storeIntake({ ...times, lanes: [], quarantined: [unreadable] }),
  ]
  const answered: string[] = []
  for (const call of calls)
    call.then(
      () => answered.push('stored'),
      (error: unknown) => answered.push(String(error)),
    )
  await until(async () => {
    const rows = await primary.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    return rows.length > 0 || answered.length > 0
  })
  expect(answered).toEqual([])
  await standby.start()
  await Promise.all(calls)
})

test('a commit whose wait for the standby is cancelled is no success, and the next success proves it too', async () => {
  await standby.end('SIGQUIT')
  const waiting = storage.storeIntake(batchOf(1000, 5))
  const outcome = waiting.then(
    () => 'stored',
    (error: unknown) => (error as { code: string }).code,
  )
  let cancelled = 0
  while (cancelled === 0) {
    const rows = await primary.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    )
    cancelled = rows.length
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(await outcome).toBe('PG_NOT_DURABLE')
  await standby.start()
  // The box sends them again: nothing is stored twice, and now the answer is true.
  await storage.storeIntake(batchOf(1000, 5))
  const [row] = await standby.query('SELECT count(*)::int AS count FROM records WHERE number >= 1000', 'town')
  expect(row?.['count']).toBe(5)
})

test('after the primary is killed and the standby promoted everything that was answered is there, and storing goes on', async () => {
  let answered = 1004
  let last = Number.POSITIVE_INFINITY
  const failures = new Set<string>()
  const load = (async () => {
    for (let first = 2000; answered < last;)
      try {
        await storage.storeIntake(batchOf(first, 10))
        answered = first + 9
        first += 10
      } catch (error) {
        failures.add((error as { code: string }).code)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
  })()
  await new Promise((resolve) => setTimeout(resolve, 500))
  await primary.end('SIGKILL')
  await standby.promote()
  await standby.query('ALTER SYSTEM RESET synchronous_standby_names')
  await standby.query('SELECT pg_reload_conf()')
  last = answered + 50
  await load
  const [row] = await standby.query(
    'SELECT count(*)::int AS count, max(number)::int AS last FROM records WHERE number >= 2000',
    'town',
  )
  expect(row).toEqual({ count: answered - 1999, last: answered })
  expect([...failures].every((code) => code.startsWith('PG_'))).toBe(true)
})

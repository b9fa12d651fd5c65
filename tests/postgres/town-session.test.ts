// Does exactly one centre have the duties of a town, and does a command read the same database as the centres?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsePostgresUrl, type PostgresAddress } from '../../centre/storage/postgres/address.ts'
import { openTown } from '../../centre/storage/open-town.ts'
import { leaseMs, TownSession } from '../../centre/storage/postgres/town-session.ts'
import { verifyAudit } from '../../centre/storage/sqlite/audit-chain.ts'
import { createSystemClock, type Clock } from '../../protocols/kit/clock.ts'
import { until } from '../contract/centre/centre-parts.ts'
import { townDatabase } from '../kits/postgres/town-database.ts'

let url: string
let address: PostgresAddress
const sessions: TownSession[] = []

beforeAll(async () => {
  url = (await townDatabase('a town')) ?? ''
  const parsed = parsePostgresUrl(url)
  if (!parsed.ok) throw new Error('address')
  address = parsed.value
  openTown({ dataDir: '', storage: { url } }, 'writer', 1_760_000_000_000).close()
})
afterAll(async () => {
  for (const session of sessions) await session.stop()
})

async function open(owner: string, clock: Clock = createSystemClock()) {
  const duties: boolean[] = []
  const session = new TownSession({
    address,
    owner,
    clock,
    onChange: () => undefined,
    onDuties: (areHeld) => duties.push(areHeld),
    onFailed: () => undefined,
  })
  sessions.push(session)
  await session.start()
  return { session, duties }
}

test('a command opens the database of the configuration', () => {
  const db = openTown({ dataDir: '', storage: { url } }, 'reader', 0)
  expect(verifyAudit(db)).toMatchObject({ isGood: true, entries: 0 })
  db.close()
})

test('the first has the duties; the second takes them when the first stops', async () => {
  const first = await open('first')
  const second = await open('second')
  expect([first.session.hasDuties, second.session.hasDuties]).toEqual([true, false])
  await first.session.stop()
  await until(() => second.session.hasDuties)
  expect(second.duties).toEqual([true])
  await second.session.stop()
})

test('a centre that stands still loses its duties to another one, and knows it before it asks the database', async () => {
  const system = createSystemClock()
  let frozenMs: number | undefined
  const waiting: (() => void)[] = []
  // Its timers do not run while it stands still.
  const clock: Clock = {
    ...system,
    wallMs: () => system.wallMs(),
    monotonicMs: () => system.monotonicMs(),
    after: (delayMs, run) =>
      system.after(delayMs, () => (frozenMs === undefined ? run() : void waiting.push(run))),
  }
  const first = await open('frozen', clock)
  expect(first.session.hasDuties).toBe(true)
  frozenMs = system.monotonicMs()
  const second = await open('awake')
  await until(() => second.session.hasDuties)
  expect(first.session.hasDuties).toBe(false)
  expect(system.monotonicMs() - frozenMs).toBeGreaterThan(leaseMs / 2)
  frozenMs = undefined
  for (const run of waiting) run()
  await until(() => first.duties.at(-1) === false)
  expect(second.session.hasDuties).toBe(true)
})

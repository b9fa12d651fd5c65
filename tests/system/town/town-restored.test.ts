// Question: when an older backup of the centre is restored, does the town get back the records that the box still has,
// each alarm once, and does it report the records that the box no longer has?
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { connect } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { LaneProgress, VillagesAnswer } from '../../../protocols/desk/api.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import { createTown, type Program, type TestTown } from '../../kits/system/programs.ts'
import { act, allReceipted, deskRows, storedEventIds, until } from '../../kits/system/town-steps.ts'

const perPart = 80
const idsOf = (part: string): string[] => Array.from({ length: perPart }, (_, i) => `${part}-${i}`)

let town: TestTown

beforeEach(async () => {
  town = await createTown({
    journal: { commitWindowMs: 5 },
    uplink: { retrySecondsMax: 1 },
    devices: [
      { id: 'button-1', kind: 'button' },
      { id: 'button-2', kind: 'button' },
    ],
  })
})
afterEach(() => town.close())

async function publish(device: string, ids: readonly string[], reading: object): Promise<void> {
  const client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: device })
  await Promise.all(
    ids.map((id) =>
      client.publishAsync(`gengfu/v1/${device}/event`, JSON.stringify({ id, ...reading }), { qos: 1 }),
    ),
  )
  await client.endAsync()
}

const centreFolder = (): string => join(town.folder, 'centre')
const backup = (): string => join(town.folder, 'backup')

/** A first part, a backup of the centre, a second part: all of it receipted. Returns the running gateway. */
async function liveOnAfterBackup(): Promise<{ gateway: Program; centre: Program }> {
  const first = await town.startCentre()
  const gateway = await town.startGateway()
  await publish('door-1', idsOf('before'), { contact: 'open' })
  await publish('button-1', ['press-a'], { button: 'pressed' })
  await until(async () => (await deskRows(town)).length === 1)
  await act(town, (await deskRows(town))[0]?.id ?? '', 'accept')
  await allReceipted(town)
  await first.end()
  cpSync(centreFolder(), backup(), { recursive: true })
  const centre = await town.startCentre()
  await publish('door-1', idsOf('after'), { contact: 'closed' })
  await publish('button-2', ['press-b'], { button: 'pressed' })
  await until(async () => (await deskRows(town)).length === 2)
  await allReceipted(town)
  return { gateway, centre }
}

async function restore(centre: Program): Promise<Program> {
  await centre.end('SIGKILL')
  rmSync(centreFolder(), { recursive: true })
  cpSync(backup(), centreFolder(), { recursive: true })
  return town.startCentre()
}

const progress = async (): Promise<Partial<Record<Lane, LaneProgress>>> =>
  (await town.get<VillagesAnswer>('/api/v1/villages')).villages[0]?.boxes[0]?.lanes ?? {}

const said =
  'the centre has lost records that it had receipted: was an old backup restored? The box is asked for them'

it('gets back everything that the box still has, and each alarm is once on the desk', async () => {
  const { centre } = await liveOnAfterBackup()
  const restored = await restore(centre)
  const { lost } = (await restored.said(said)) as unknown as {
    lost: { lane: Lane; missing: [number, number][] }[]
  }
  const count = lost.flatMap(({ missing }) => missing).reduce((sum, [from, to]) => sum + to - from + 1, 0)
  // The presses and their alarms are in red, the doors' events in routine.
  expect(count).toBeGreaterThan(perPart)
  expect(lost.map(({ lane }) => lane)).toEqual(expect.arrayContaining(['red', 'routine']))

  await until(async () => (await storedEventIds(town)).includes('door-1 after-79'))
  await allReceipted(town)
  const stored = await storedEventIds(town)
  expect(stored.length).toBe(new Set(stored).size)
  const expected = [...idsOf('before'), ...idsOf('after')].map((id) => `door-1 ${id}`)
  expect(expected.filter((id) => !stored.includes(id))).toEqual([])
  const rows = (await deskRows(town)).map(
    ({ device, kind, occurrences }) => `${device} ${kind} ${occurrences}`,
  )
  expect(rows.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    // The centre's own alarm: its data went back, and people are told so.
    '-centre centre-rewound 1',
    'button-1 sos 1',
    'button-2 sos 1',
  ])
  expect((await deskRows(town)).find(({ device }) => device === 'button-1')?.acceptedBy).toBe('token:test')
  for (const lane of Object.values(await progress())) expect(lane).toMatchObject({ missing: [] })
  expect(Object.values(await progress()).filter(({ givenUp }) => givenUp !== undefined)).toEqual([])
}, 60_000)

it('reports records lost for good when the box has them no longer, and gets back the rest', async () => {
  const { gateway, centre } = await liveOnAfterBackup()
  await gateway.end()
  const journal = new Database(join(town.folder, 'gateway', 'journal.db'))
  const last = journal.prepare('SELECT max(number) FROM lane_routine').pluck().get() as number
  journal.prepare('DELETE FROM lane_routine WHERE number > ? AND number <= ?').run(last - 50, last - 30)
  journal.close()
  const restored = await restore(centre)
  await town.startGateway()
  await restored.said(said)
  expect(await restored.said('records are gone for good: the box no longer has them')).toMatchObject({
    lane: 'routine',
    from: last - 49,
    to: last - 30,
  })
  await until(async () => (await storedEventIds(town)).includes('door-1 after-79'))
  await allReceipted(town)
  expect((await progress()).routine).toMatchObject({ missing: [], givenUp: 20 })
  const stored = await storedEventIds(town)
  expect(stored.filter((id) => id.startsWith('door-1'))).toHaveLength(2 * perPart - 20)
  expect((await deskRows(town)).filter(({ device }) => device === 'button-2')).toHaveLength(1)
}, 60_000)

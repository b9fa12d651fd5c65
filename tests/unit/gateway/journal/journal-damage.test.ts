// Borders of what a damaged journal loses: the end of a carved file, one spoilt document, spoilt positions, the checkpoint.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { carveRecords } from '../../../../gateway/journal/damage/carve.ts'
import { isDamage, markSuspect, openJournalFile } from '../../../../gateway/journal/damage/salvage.ts'
import { JournalStore } from '../../../../gateway/journal/store.ts'
import { createCommit } from '../../../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-journal-damage-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const log = (sequence: number, more: object = {}): string =>
  JSON.stringify({
    type: 'log',
    sequence,
    boot: 7,
    sinceBootMs: 1,
    atMs: 1,
    clock: 'synced',
    what: 'test',
    ...more,
  })
const alarm = (sequence: number): string =>
  log(sequence, {
    type: 'alarm',
    change: 'raised',
    alarm: { id: 'a', colour: 'yellow', latchedColour: 'red' },
  })

function carved(bytes: Buffer | string): [Lane, number][] {
  const file = join(folder, 'raw')
  writeFileSync(file, bytes)
  const found: [Lane, number][] = []
  carveRecords(file, (lane, sequence) => found.push([lane, sequence]))
  return found
}

describe('carving', () => {
  it.each([-20_000, -300, -1, 0, 1, 300, 10_000, 16_384, 20_000])(
    'finds the newest record of a file that ends %i bytes behind a chunk',
    (behind) => {
      const record = Buffer.from(log(5))
      const bytes = Buffer.alloc(1024 * 1024 + behind)
      record.copy(bytes, bytes.length - record.length)
      expect(carved(bytes)).toContainEqual(['routine', 5])
    },
  )
  it('puts an alarm into the lane of the most urgent colour that it had', () => {
    expect(carved(alarm(3))).toEqual([['red', 3]])
  })
})

const receipted = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>

function open(epoch = 'epoch1'): {
  store: JournalStore
  salvaged: unknown
  close: () => void
  exec: (sql: string) => void
} {
  const { db, salvaged } = openJournalFile(folder, epoch)
  const limits = { quarantineMax: 10, oddIdsMax: 10, keepReceipted: 10 }
  const store = new JournalStore(db, { folder, newEpoch: epoch, bootId: 'b', ...limits }, new VirtualClock())
  return { store, salvaged, close: () => db.close(), exec: (sql) => void db.exec(sql) }
}

function fill(): void {
  const { store, close } = open()
  store.open()
  const request = createCommit(receipted)
  request.lanes.push(0)
  request.numbers.push(1)
  request.bodies.push(alarm(9))
  for (const key of ['judge:device:d', 'repeat:d', 'judge:alarm:d', 'checkpoint'])
    request.state.push([key, JSON.stringify({ red: 1 })])
  store.commit(request)
  close()
}

function spoil(sql: string): void {
  const { exec, close } = open()
  exec(sql)
  close()
}

describe('a spoilt document', () => {
  it('goes to quarantine with its twin and the checkpoint, and everything else stays', () => {
    fill()
    spoil(`UPDATE state SET value = replace(value, '{', 'z') WHERE key = 'judge:device:d'`)
    const { store, salvaged, close } = open()
    expect(salvaged).toBeUndefined()
    expect(store.state('').map(([key]) => key)).toEqual(['judge:alarm:d'])
    expect(store.quarantine(5)).toMatchObject([{ topic: 'journal/state/judge:device:d' }])
    expect(store.open().positions.red.last).toBe(1)
    close()
  })
  it.each(['boot', 'receipted', 'boot-walls'])(
    'in meta (%s) keeps the box starting, with a boot of its own',
    (key) => {
      fill()
      spoil(`INSERT OR REPLACE INTO meta (key, value) VALUES ('${key}', '{"re')`)
      const { store, close } = open()
      const { boot, positions } = store.open()
      expect(positions.red).toEqual({ last: 1, receipted: 0 })
      expect(boot).toBe(key === 'boot' ? 8 : 1)
      close()
    },
  )
})

describe('a salvage', () => {
  it('replays everything, as numbers of lanes are new', () => {
    fill()
    spoil(`UPDATE lane_red SET body = 'x'`)
    markSuspect(folder, 'a test')
    const { store, salvaged, close } = open('epoch2')
    expect(salvaged).toBeDefined()
    expect(store.state('checkpoint')).toEqual([])
    expect(store.state('judge:alarm:')).toHaveLength(1)
    expect(store.open().epoch).toBe('epoch2')
    close()
  })
})

it.each([
  [{ code: 'SQLITE_ERROR', message: 'near "x": syntax error' }, false],
  [{ code: 'SQLITE_ERROR', message: 'no such table: meta' }, true],
  [{ code: 'SQLITE_CORRUPT', message: '' }, true],
  [{ code: 'SQLITE_FULL', message: '' }, false],
])('tells damage from other errors: %j', (error, expected) => {
  expect(isDamage(error)).toBe(expected)
})

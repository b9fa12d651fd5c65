// Limits of the loss in a damaged journal: the end of a carved file, one damaged document, damaged positions, the
// checkpoint.
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { carveRecords } from '../../../../gateway/journal/damage/carve.ts'
import { isDamage, markSuspect, openJournalFile } from '../../../../gateway/journal/damage/salvage.ts'
import { lockJournal } from '../../../../gateway/journal/lock.ts'
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
  const limits = { quarantineMax: 10, uncountedIdsMax: 10, keepReceipted: 10 }
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

  it.each(['[]', '{"readings":1}', '7', 'null', '{"red":2}'])(
    'is noticed where it parses and has another shape or another number: %s',
    (value) => {
      fill()
      spoil(`UPDATE state SET value = '${value}' WHERE key = 'judge:alarm:d'`)
      const { store, salvaged, close } = open()
      expect(salvaged).toBeUndefined()
      expect(store.state('').map(([key]) => key)).toEqual(['judge:device:d', 'repeat:d'])
      expect(store.quarantine(5)).toMatchObject([{ topic: 'journal/state/judge:alarm:d' }])
      close()
    },
  )
})

describe('a spoilt epoch', () => {
  it('in the database is taken from the file beside it, and the other way round', () => {
    fill()
    spoil(`UPDATE meta SET value = 'epoch2' WHERE key = 'epoch'`)
    const first = open('epoch3')
    expect(first.salvaged).toBeUndefined()
    expect(first.store.open().epoch).toBe('epoch1')
    first.close()
    writeFileSync(join(folder, 'journal.epoch'), 'epoch1 77\n')
    const second = open('epoch4')
    expect(second.store.open().epoch).toBe('epoch1')
    second.close()
    expect(readFileSync(join(folder, 'journal.epoch'), 'utf8')).toMatch(/^epoch1 \d+\n$/)
  })
  it('in both places makes a new one, as the numbers of lanes belong to the other', () => {
    fill()
    spoil(`UPDATE meta SET value = 'epoch2' WHERE key = 'epoch'`)
    writeFileSync(join(folder, 'journal.epoch'), 'epoch1 77\n')
    const { store, salvaged, close } = open('epoch5')
    expect(salvaged).toMatchObject({ records: 1 })
    expect(store.open().epoch).toBe('epoch5')
    close()
  })
})

describe('a spoilt write-ahead log', () => {
  /** Eight commits of one record each, as a killed process leaves them; returns the position of each frame. */
  function killed(): { log: Buffer; frames: number[] } {
    const { store, close, exec } = open()
    store.open()
    exec('PRAGMA wal_checkpoint(TRUNCATE)')
    for (let number = 1; number <= 8; number++) {
      const request = createCommit(receipted)
      request.lanes.push(0)
      request.numbers.push(number)
      request.bodies.push(alarm(number))
      store.commit(request)
    }
    for (const name of ['journal.db', 'journal.db-wal'])
      copyFileSync(join(folder, name), join(folder, `${name}.copy`))
    close()
    for (const name of ['journal.db', 'journal.db-wal'])
      renameSync(join(folder, `${name}.copy`), join(folder, name))
    const log = readFileSync(join(folder, 'journal.db-wal'))
    const frames = []
    for (let at = 32; at < log.length; at += 24 + 1024) frames.push(at)
    return { log, frames }
  }
  const sequences = (store: JournalStore): number[] =>
    store.read('red', 0, 100, 1e6).map(({ body }) => {
      const { sequence, was } = JSON.parse(body) as { sequence: number; was?: { sequence: number } }
      return was?.sequence ?? sequence
    })

  it('loses no commit that stands behind the spoilt byte', () => {
    const { log, frames } = killed()
    const at = (frames[1] ?? 0) + 30
    log[at] = (log[at] ?? 0) ^ 1
    writeFileSync(join(folder, 'journal.db-wal'), log)
    const { store, salvaged, close } = open('epoch2')
    expect(salvaged).toMatchObject({ reason: expect.stringContaining('write-ahead log') })
    expect(sequences(store)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    close()
  })
  it('gives the numbers of a last commit that does not fit to no other record, and keeps what can be read of it', () => {
    const { log, frames } = killed()
    const at = (frames.at(-1) ?? 0) + 16
    log[at] = (log[at] ?? 0) ^ 1
    writeFileSync(join(folder, 'journal.db-wal'), log)
    const { store, salvaged, close } = open('epoch2')
    expect(salvaged).toBeUndefined()
    expect(sequences(store)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(store.open().positions.red.last).toBeGreaterThan(1000)
    close()
  })
  it('is no damage where the last frame is cut off, as after a power cut', () => {
    const { log } = killed()
    writeFileSync(join(folder, 'journal.db-wal'), log.subarray(0, log.length - 500))
    const { store, salvaged, close } = open('epoch2')
    expect(salvaged).toBeUndefined()
    expect(sequences(store).slice(0, 7)).toEqual([1, 2, 3, 4, 5, 6, 7])
    close()
  })
})

it('takes the lock of a folder whose lock file is no database any more', () => {
  writeFileSync(join(folder, 'gateway.lock'), 'spoilt'.repeat(100))
  const unlock = lockJournal(folder)
  expect(() => lockJournal(folder)).toThrow('another gateway')
  unlock()
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

// The journal's promises to its callers: resolved means on disk, order per lane, a window for routine, damage survived.
import {
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rushBytes } from '../../gateway/journal/commits/log-checkpoints.ts'
import { openJournal } from '../../gateway/journal/journal.ts'
import { openDocuments } from '../../gateway/journal/sound-documents.ts'
import type { Journal, JournalEntry } from '../../gateway/journal/port.ts'
import { commitsPerLook, reserveFile } from '../../gateway/journal/space.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { EventRecord } from '../../protocols/domain/record.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open(overrides: Partial<Parameters<typeof openJournal>[0]> = {}): Promise<Journal> {
  return openJournal({
    folder,
    clock: createSystemClock(),
    random: createSystemRandom(),
    logger: pino({ level: 'silent' }),
    bootId: 'boot-a',
    commitWindowMs: 20,
    ...overrides,
  })
}

let counter = 0
function eventEntry(journal: Journal, lane: Lane = 'routine', isUrgent = false): JournalEntry {
  const record: EventRecord = {
    type: 'event',
    sequence: journal.nextSequence(),
    boot: 1,
    sinceBootMs: 1,
    atMs: 1,
    clock: 'unsynced',
    device: 'door-1',
    messageId: `1-${++counter}`,
    readings: { contact: 'open' },
  }
  return { records: [{ lane, record }], isUrgent }
}

async function bodies(journal: Journal, lane: Lane): Promise<number[]> {
  const rows = await journal.read(lane, 0, { recordsMax: 100_000, bytesMax: 1e9 })
  return rows.map(({ body }) => (JSON.parse(body) as EventRecord).sequence)
}

describe('a journal', () => {
  it('folds its log between the commits of a rush, so that no commit has to fold a long one', async () => {
    const journal = await open()
    const databaseBytes = (): number => statSync(join(folder, 'journal.db')).size
    const atFirst = databaseBytes()
    const rows = Math.ceil((rushBytes * 1.5) / JSON.stringify(eventEntry(journal).records[0]?.record).length)
    await Promise.all(Array.from({ length: rows }, () => journal.append(eventEntry(journal))))
    await journal.read('routine', 0, { recordsMax: 1, bytesMax: 1 })
    expect(databaseBytes()).toBeGreaterThan(atFirst)
    await journal.close()
  })

  it('has on disk what it resolved, numbered without gaps per lane', async () => {
    const journal = await open()
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => journal.append(eventEntry(journal, i % 2 ? 'red' : 'routine'))),
    )
    const reader = new Database(join(folder, 'journal.db'), { readonly: true })
    for (const table of ['lane_red', 'lane_routine'])
      expect(reader.prepare(`SELECT number FROM ${table} ORDER BY number`).pluck().all()).toEqual(
        Array.from({ length: 25 }, (_, i) => i + 1),
      )
    reader.close()
    await journal.close()
  })

  it('waits for a Receipt once more after a step back, also across a restart', async () => {
    const first = await open()
    for (let i = 0; i < 5; i++) await first.append(eventEntry(first))
    first.settle('routine', 4)
    first.stepBack('routine', 5)
    expect(first.positions().routine).toEqual({ last: 5, receipted: 4 })
    first.stepBack('routine', 1)
    await first.close()
    const second = await open()
    expect(second.positions().routine).toEqual({ last: 5, receipted: 1 })
    second.settle('routine', 3)
    expect(second.positions().routine.receipted).toBe(3)
    await second.close()
  })

  it('continues to count where it stopped, in the same epoch, and counts a boot only when the machine booted', async () => {
    const first = await open()
    await first.append(eventEntry(first))
    first.settle('routine', 1)
    const { epoch } = first
    await first.close()
    const second = await open()
    expect(second.epoch).toBe(epoch)
    expect(second.facts().boot).toBe(1)
    expect(second.positions().routine).toEqual({ last: 1, receipted: 1 })
    expect(second.nextSequence()).toBeGreaterThan(first.nextSequence())
    await second.close()
    const third = await open({ bootId: 'boot-b' })
    expect(third.facts().boot).toBe(2)
    await third.close()
  })

  it('commits urgent work at once although routine waits for its window', async () => {
    const journal = await open({ commitWindowMs: 60_000 })
    let isRoutineDone = false
    const routine = journal.append(eventEntry(journal)).then(() => (isRoutineDone = true))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(isRoutineDone).toBe(false)
    await journal.append(eventEntry(journal, 'red', true))
    await routine // taken along
    await journal.close()
  })

  it('leaves no gap in a lane when an urgent entry with a routine record overtakes waiting routine', async () => {
    const journal = await open({ commitWindowMs: 60_000 })
    const seen: number[][] = []
    journal.onCommitted((records) =>
      seen.push(records.filter(({ lane }) => lane === 'routine').map(({ number }) => number)),
    )
    const waiting = Array.from({ length: 1500 }, () => journal.append(eventEntry(journal)))
    const overtaking = eventEntry(journal, 'red', true)
    const note = eventEntry(journal)
    await journal.append({ records: [...overtaking.records, ...note.records], isUrgent: true })
    await Promise.all(waiting)
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.flat()).toEqual(Array.from({ length: 1501 }, (_, at) => at + 1))
    const sequences = await bodies(journal, 'routine')
    expect(sequences).toHaveLength(1501)
    await journal.close()
  })

  it('answers later calls with "closed", instead of no answer', async () => {
    const journal = await open()
    await journal.close()
    await expect(bodies(journal, 'routine')).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('keeps committed records when the free space can not be read', async () => {
    const journal = await open()
    const reserve = join(folder, reserveFile)
    rmSync(reserve)
    symlinkSync(join(folder, 'nowhere', 'reserve'), reserve)
    for (let n = 0; n <= commitsPerLook; n++) await journal.append(eventEntry(journal, 'red', true))
    expect(await bodies(journal, 'red')).toHaveLength(commitsPerLook + 1)
    await journal.close()
  })

  it('refuses a second journal on the same folder and names the holder', async () => {
    const journal = await open()
    await expect(open()).rejects.toThrow(
      new RegExp(`another gateway \\(process ${process.pid}\\) already uses`),
    )
    await journal.close()
    await (await open()).close()
  })

  it('refuses a file written by a newer program and leaves it untouched', async () => {
    await (await open()).close()
    const db = new Database(join(folder, 'journal.db'))
    db.pragma('user_version = 99')
    openDocuments(db, 'meta').put('schema', '99')
    db.close()
    await expect(open()).rejects.toMatchObject({ code: 'NEWER' })
    expect(readdirSync(folder).filter((name) => name.startsWith('damaged'))).toEqual([])
  })

  it('opens a file whose header alone says another version: the flash has spoilt it', async () => {
    await (await open()).close()
    for (const version of [99, 0]) {
      const db = new Database(join(folder, 'journal.db'))
      db.pragma(`user_version = ${version}`)
      db.close()
      const journal = await open()
      expect(journal.facts().salvaged).toBeUndefined()
      await journal.close()
    }
  })

  it('refuses all waiting entries when a commit fails, numbers them again later, and logs it once', async () => {
    const journal = await open()
    await journal.append(eventEntry(journal))
    const other = new Database(join(folder, 'journal.db'))
    other.exec(`CREATE TRIGGER full BEFORE INSERT ON lane_red BEGIN SELECT raise(ABORT, 'no room'); END`)
    const refused: string[] = []
    journal.onRefused((error) => refused.push(error.message))
    const answers = await Promise.allSettled([
      journal.append(eventEntry(journal)),
      journal.append(eventEntry(journal, 'red', true)),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(refused).toEqual(['no room'])
    other.exec('DROP TRIGGER full')
    other.close()
    await journal.append(eventEntry(journal))
    expect(journal.positions().routine.last).toBe(2)
    expect(await bodies(journal, 'routine')).toHaveLength(2)
    await journal.close()
  })
})

/** Writes `bytes` of garbage or zeros into a file at `offset`. */
function spoil(file: string, offset: number, bytes: number, fill: number): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(bytes, fill), 0, bytes, offset)
  closeSync(descriptor)
}

describe('a damaged journal', () => {
  async function fill(): Promise<void> {
    const journal = await open({ commitWindowMs: 0 })
    await Promise.all(
      Array.from({ length: 400 }, (_, i) =>
        journal.append({
          ...eventEntry(journal, i % 10 === 0 ? 'red' : 'routine'),
          state: [[`device:door-${i % 7}`, { seen: i }]],
        }),
      ),
    )
    await journal.close()
  }

  it.each([
    ['its first page zeroed', 0, 1024, 0],
    ['its header overwritten by garbage', 0, 100, 0xa5],
    ['a page in the middle zeroed', 24 * 1024, 1024, 0],
    ['a run of pages in the middle made garbage', 20 * 1024, 8192, 0x5a],
    ['the page of the lane table zeroed', 5 * 1024, 4096, 0],
  ])(
    'with %s opens again under a new epoch and reports what it saved',
    async (_name, offset, bytes, fillByte) => {
      await fill()
      const file = join(folder, 'journal.db')
      const before = await open()
      const oldEpoch = before.epoch
      await before.close()
      spoil(file, offset, bytes, fillByte)
      const journal = await open()
      const { salvaged, epoch } = journal.facts()
      expect(epoch).not.toBe(oldEpoch)
      expect(salvaged?.from).toBe('damaged-1')
      // At most the records in the damaged bytes may be missing.
      const lost = 400 - (salvaged?.records ?? 0)
      expect(lost).toBeLessThanOrEqual(Math.ceil(bytes / 60) + 8)
      const rows = await journal.read('red', 0, { recordsMax: 1000, bytesMax: 1e9 })
      for (const { body } of rows) expect(JSON.parse(body)).toMatchObject({ was: { epoch: oldEpoch } })
      await journal.append(eventEntry(journal, 'red', true))
      await journal.close()
      const again = await open()
      expect(again.epoch).toBe(epoch)
      expect(again.facts().salvaged).toBeUndefined()
      await again.close()
    },
  )

  it('cut in half opens again and keeps what stood in the first half', async () => {
    await fill()
    const file = join(folder, 'journal.db')
    truncateSync(file, Math.floor(statSync(file).size / 2))
    const journal = await open()
    expect(journal.facts().salvaged?.records).toBeGreaterThan(100)
    await journal.close()
  })

  it('replaced by nothing but garbage opens empty and keeps the garbage aside', async () => {
    await fill()
    const file = join(folder, 'journal.db')
    truncateSync(file, 0)
    spoil(file, 0, 5000, 0x11)
    const journal = await open()
    expect(journal.facts().salvaged).toMatchObject({ records: 0, from: 'damaged-1' })
    await journal.close()
  })

  it('with garbage behind its synced write-ahead log loses nothing', async () => {
    const journal = await open()
    await Promise.all(Array.from({ length: 20 }, () => journal.append(eventEntry(journal))))
    const wal = join(folder, 'journal.db-wal')
    const copy = mkdtempSync(join(tmpdir(), 'gengfu-journal-copy-'))
    for (const name of ['journal.db', 'journal.db-wal', 'journal.epoch'])
      copyFileSync(join(folder, name), join(copy, name))
    spoil(join(copy, 'journal.db-wal'), statSync(wal).size, 3000, 0x77)
    await journal.close()
    const reopened = await open({ folder: copy })
    expect(await bodies(reopened, 'routine')).toHaveLength(20)
    await reopened.close()
    rmSync(copy, { recursive: true })
  })
})

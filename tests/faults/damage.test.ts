// Question: does the box open whatever happened to the journal's files, report what it saved, and keep everything
// outside the damage? A hundred kinds of damage from one seed, on a database with a live write-ahead log.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openJournalFile } from '../../gateway/journal/damage/salvage.ts'
import { JournalStore } from '../../gateway/journal/store.ts'
import type { WorkerOptions } from '../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import { VirtualClock } from '../../protocols/kit/clock.ts'
import { createSeededRandom, type Random } from '../../protocols/kit/random.ts'

const rounds = 60
const perRound = 10
/** Of an event in its short form, as below. */
const shortestRowBytes = 60
let base: string

const optionsFor = (folder: string, newEpoch: string): WorkerOptions => ({
  folder,
  newEpoch,
  bootId: 'boot-a',
  quarantineMax: 100,
  uncountedIdsMax: 100,
  keepReceipted: 1000,
})

const receipted = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>

/** 600 records in many commits; a checkpoint after two thirds, so that the rest is in the log. */
function fill(folder: string): void {
  const { db } = openJournalFile(folder, 'firstepoch')
  const store = new JournalStore(db, optionsFor(folder, 'firstepoch'), new VirtualClock())
  store.open()
  let sequence = 0
  const numbers: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const chosen = Array.from({ length: perRound }, (_, at) => (at === 0 ? 'red' : 'routine') as Lane)
    store.commit({
      type: 'commit',
      lanes: chosen.map((lane) => lanes.indexOf(lane)),
      numbers: chosen.map((lane) => (numbers[lane] = (numbers[lane] ?? 0) + 1)),
      bodies: chosen.map((lane) =>
        JSON.stringify({
          type: 'event',
          sequence: ++sequence,
          boot: 1,
          sinceBootMs: sequence,
          atMs: 1,
          clock: 'synced',
          device: lane === 'red' ? 'button-1' : 'door-1',
          messageId: `1-${sequence}`,
          readings: lane === 'red' ? { button: 'pressed' } : { contact: 'open', batteryPercent: 80 },
        }),
      ),
      state: [[`judge:device:door-${round % 5}`, JSON.stringify({ round })]],
      uncountedIds: [],
      forgetsUncountedIdsOf: [],
      quarantine: [],
      receipted,
      keepsReceipted: false,
    })
    if (round === 40) db.pragma('wal_checkpoint(TRUNCATE)')
  }
  // Copied while open: as a killed process leaves it.
  for (const name of ['journal.db', 'journal.db-wal', 'journal.epoch'])
    copyFileSync(join(folder, name), join(base, name))
  db.close()
}

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'gengfu-damage-base-'))
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-damage-fill-'))
  fill(folder)
  rmSync(folder, { recursive: true })
})
afterAll(() => rmSync(base, { recursive: true }))

/** Overwrites `bytes` at `offset`; bytes beyond the end are left out. */
function overwrite(file: string, offset: number, content: Buffer): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, content, 0, content.length, offset)
  closeSync(descriptor)
}

function readAt(file: string, offset: number, bytes: number): Buffer {
  const descriptor = openSync(file, 'r')
  const content = Buffer.alloc(bytes)
  readSync(descriptor, content, 0, bytes, offset)
  closeSync(descriptor)
  return content
}

const garbage = (random: Random, bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, () => random.between(0, 255)))

type Damage = [name: string, mayLose: number, run: (folder: string, random: Random) => void]

/** Most records that may be lost: those whose bytes the damage covers, and torn neighbours. */
function damages(): Damage[] {
  const list: Damage[] = []
  const files = ['journal.db', 'journal.db-wal'] as const
  for (const file of files)
    for (const bytes of [1, 16, 100, 512, 1024, 4096, 16_384])
      for (const kind of ['zeros', 'garbage', 'ones'] as const)
        list.push([
          `${bytes} bytes of ${kind} somewhere in ${file}`,
          file === 'journal.db' ? Math.ceil(bytes / shortestRowBytes) + 12 : 210,
          (folder, random) => {
            const at = random.between(0, Math.max(0, statSync(join(folder, file)).size - bytes))
            const content =
              kind === 'garbage' ? garbage(random, bytes) : Buffer.alloc(bytes, kind === 'ones' ? 0xff : 0)
            overwrite(join(folder, file), at, content)
          },
        ])
  for (const file of files)
    for (const share of [0, 0.1, 0.33, 0.5, 0.75, 0.9, 0.99])
      list.push([
        `${file} cut to ${share * 100} %`,
        600,
        (folder) => truncateSync(join(folder, file), Math.floor(statSync(join(folder, file)).size * share)),
      ])
  for (let page = 0; page < 30; page++)
    list.push([
      `page ${page} zeroed`,
      24,
      (folder) => overwrite(join(folder, 'journal.db'), page * 1024, Buffer.alloc(1024)),
    ])
  for (let run = 0; run < 8; run++)
    list.push([
      `two pages of the database exchanged (${run})`,
      40,
      (folder, random) => {
        const file = join(folder, 'journal.db')
        const pages = Math.floor(statSync(file).size / 1024)
        const [a, b] = [random.between(1, pages - 1) * 1024, random.between(1, pages - 1) * 1024]
        const [first, second] = [readAt(file, a, 1024), readAt(file, b, 1024)]
        overwrite(file, a, second)
        overwrite(file, b, first)
      },
    ])
  list.push(
    ['the write-ahead log gone', 210, (folder) => rmSync(join(folder, 'journal.db-wal'))],
    ['the database gone', 600, (folder) => rmSync(join(folder, 'journal.db'))],
    ['the epoch file gone', 0, (folder) => rmSync(join(folder, 'journal.epoch'))],
    ['the epoch file garbage', 0, (folder) => writeFileSync(join(folder, 'journal.epoch'), '\0\0')],
    [
      'everything garbage',
      600,
      (folder, random) => {
        for (const name of ['journal.db', 'journal.db-wal'])
          writeFileSync(join(folder, name), garbage(random, 3000))
      },
    ],
    [
      'the log put in place of the database',
      600,
      (folder) => renameSync(join(folder, 'journal.db-wal'), join(folder, 'journal.db')),
    ],
    [
      'garbage behind the end of both',
      0,
      (folder, random) => {
        for (const name of ['journal.db', 'journal.db-wal']) {
          const file = join(folder, name)
          overwrite(file, statSync(file).size, garbage(random, 5000))
        }
      },
    ],
    [
      'a shared-memory file of garbage',
      0,
      (folder, random) => writeFileSync(join(folder, 'journal.db-shm'), garbage(random, 32_768)),
    ],
    ['a reserve of another size', 0, (folder) => writeFileSync(join(folder, 'reserve.bin'), 'x')],
    ['the log of nothing but its header', 210, (folder) => truncateSync(join(folder, 'journal.db-wal'), 32)],
  )
  return list
}

describe('a journal with damage', () => {
  const all = damages()

  it(`knows a hundred kinds and more: ${all.length}`, () => expect(all.length).toBeGreaterThanOrEqual(100))

  it.each(all.map((damage, index) => [damage[0], index] as const))('opens with %s', (_name, index) => {
    const [, mayLose, run] = all[index] as Damage
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-damage-'))
    try {
      cpSync(base, folder, { recursive: true })
      run(folder, createSeededRandom(1000 + index))
      const { db, salvaged } = openJournalFile(folder, `epoch${index}x`)
      const store = new JournalStore(db, optionsFor(folder, 'unused00'), new VirtualClock())
      const opened = store.open()
      const kept = new Set(
        lanes.flatMap((lane) =>
          store
            .read(lane, 0, 10_000, 1e9)
            .map(({ body }) => (JSON.parse(body) as { messageId: string }).messageId),
        ),
      )
      expect(600 - kept.size).toBeLessThanOrEqual(mayLose)
      expect(salvaged?.records ?? kept.size).toBe(kept.size)
      expect(existsSync(join(folder, salvaged?.from ?? '.'))).toBe(true)
      expect(salvaged ? [`epoch${index}x`] : ['firstepoch', `epoch${index}x`]).toContain(opened.epoch)
      // And it takes commits.
      const number = opened.positions.red.last + 1
      store.commit({
        type: 'commit',
        lanes: [0],
        numbers: [number],
        bodies: [
          '{"type":"log","sequence":9999,"boot":1,"sinceBootMs":1,"atMs":1,"clock":"synced","what":"test"}',
        ],
        state: [],
        uncountedIds: [],
        forgetsUncountedIdsOf: [],
        quarantine: [],
        receipted,
        keepsReceipted: false,
      })
      expect(store.read('red', number - 1, 1, 1000)).toHaveLength(1)
      db.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

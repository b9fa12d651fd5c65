// Messages of a hostile box, mutated node by node, through the whole centre: parsed, planned, committed to a real
// database, listed for desks and programs. Used small in the tests and large in the campaign.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parseArrivedReport } from '../../../centre/receiver/parse-arrived.ts'
import { ReceiverCore } from '../../../centre/receiver/receiver-core.ts'
import { openWriter, type Sqlite } from '../../../centre/storage/sqlite/database.ts'
import { createReader } from '../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../centre/storage/sqlite/writer.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import {
  parseCentreCommandResult,
  parseHeartbeat,
  parsePictureReceipt,
  parseReceipt,
  parseReport,
  parseStageNotice,
  parseUnstoredCall,
} from '../../../protocols/uplink/codec.ts'
import { encodeDense } from '../../../protocols/uplink/dense-report.ts'
import { parsePictureChunk } from '../../../protocols/uplink/picture-chunk.ts'

const epoch = 'abcdef0123456789'
const time = { boot: 1, sinceBootMs: 1000, atMs: 1_764_000_000_000, clock: 'synced' } as const
const file = { sha256: 'a'.repeat(64), bytes: 1000, width: 10, height: 10 }

const records: JournalRecord[] = [
  {
    type: 'event',
    sequence: 1,
    ...time,
    device: 'door-1',
    messageId: '1-1',
    readings: { contact: 'open', batteryPercent: 87, table: [{ a: 1 }] },
    deviceAtMs: 1_764_000_000_000,
    was: { epoch: 'fedcba9876543210', sequence: 3 },
  },
  {
    type: 'alarm',
    sequence: 2,
    ...time,
    clock: 'unsynced',
    change: 'raised',
    cause: 1,
    alarm: {
      id: 'a-1',
      device: 'button-1',
      kind: 'sos',
      variant: 'held',
      colour: 'red',
      latchedColour: 'red',
      state: 'unacknowledged',
      occurrences: 1,
      zone: 'home',
      text: { zh: '求助', en: 'help' },
      readings: { button: 'held' },
      isDrill: false,
    },
  },
  { type: 'log', sequence: 3, ...time, what: 'clock-synced', facts: { boot: 1, bootWallMs: 1.7e12 } },
  {
    type: 'log',
    sequence: 4,
    ...time,
    what: 'snapshot-taken',
    facts: {
      id: '0123456789abcdef',
      camera: 'cam-1',
      zone: 'home',
      moment: 'at-once',
      alarm: 'a-1',
      colour: 'red',
      fetchedAt: time,
      full: file,
      preview: file,
      isMasked: false,
      picture: 'good',
    },
  },
  {
    type: 'log',
    sequence: 5,
    ...time,
    what: 'snapshot-deleted',
    facts: { snapshot: '0123456789abcdef', reason: 'asked' },
  },
]

/** Report as an honest box writes it, once readable and once dense; `lane` is its lane. */
export const report = {
  v: 1,
  epoch,
  lane: 'red' as const,
  first: 3,
  records,
  skipped: [{ from: 1, to: 2, reason: 'no longer in the journal of the box' }],
}
export const denseReport = encodeDense({
  ...report,
  records: [
    ...records,
    {
      type: 'event',
      sequence: 6,
      ...time,
      device: 'door-1',
      messageId: '1-2',
      readings: { contact: 'open', motion: true },
    },
    {
      type: 'event',
      sequence: 7,
      ...time,
      device: 'door-2',
      messageId: '1-1',
      readings: { contact: 'closed', motion: false },
    },
  ],
})
const heartbeat = {
  v: 1,
  epoch,
  name: 'Village',
  lanes: { red: { last: 5, receipted: 3 } },
  boot: 1,
  sinceBootMs: 1,
  atMs: 1,
  clock: 'synced',
  uptimeMs: 1,
  diskFreeBytes: 1,
  devices: { known: 1, present: 1 },
  quarantined: 0,
}
const result = {
  v: 1,
  id: 'c-1',
  state: 'done',
  atMs: 1,
  clock: 'synced',
  reason: { code: 'x', zh: 'x', en: 'x' },
  reached: ['siren-1'],
  missed: [],
  snapshots: [],
}
const receipt = {
  v: 1,
  epoch,
  lanes: { red: { storedTo: 1, missing: [[1, 2]], lostTo: 2 } },
  centreTimeMs: 1,
  forms: [2],
}

const unstored = { v: 1, at: time, alarm: (records[1] as { alarm: object }).alarm }

/** The messages between box and centre, with the parsers that must answer every mutation. */
export const uplinkMessages: readonly [name: string, message: unknown, parse: (bytes: Buffer) => unknown][] =
  [
    ['report', report, (bytes) => parseReport(bytes, (packed) => packed)],
    ['dense report', denseReport, (bytes) => parseReport(bytes, (packed) => packed)],
    ['heartbeat', heartbeat, parseHeartbeat],
    ['result', result, parseCentreCommandResult],
    ['unkept call', unstored, parseUnstoredCall],
    ['receipt', receipt, parseReceipt],
    [
      'picture receipt',
      { v: 1, sha256: 'a'.repeat(64), storedTo: 5, problem: 'refused' },
      parsePictureReceipt,
    ],
    ['stage', { v: 1, alarm: 'a-1', stage: 'seen', by: 'x', atMs: 1 }, parseStageNotice],
    [
      'picture chunk',
      [80, 1, 2],
      (bytes) => parsePictureChunk(Buffer.concat([Buffer.from([0x50, 1]), bytes])),
    ],
  ]

/** A centre without its sockets: the path of a Report to a desk. */
export class StructureTarget {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gengfu-structure-'))
  readonly #file = join(this.#folder, 'centre.db')
  readonly #core = new ReceiverCore()
  #db: Sqlite = openWriter(this.#file, 1)
  #writer = createWriter(this.#db)
  #boxes = 0
  #honest = 0

  /** Parses, stores and lists `texts` as Reports of hostile boxes, with one honest red alarm in the same commit. */
  take(texts: readonly string[], lane: Lane, isPacked = false): { stored: number; refused: number } {
    const arrived = texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      // A new box each time: otherwise the settled numbers of one message make the next a repeat.
      const parsed = parseArrivedReport(
        `evil-${++this.#boxes % 500}`,
        lane,
        isPacked ? gzipSync(bytes) : bytes,
      )
      return parsed.ok ? [parsed.value] : []
    })
    const alarm = { ...report, first: ++this.#honest, records: [honestAlarm(this.#honest)], skipped: [] }
    const honest = parseArrivedReport('honest-1', 'red', Buffer.from(JSON.stringify(alarm)))
    if (!honest.ok) throw new Error('the honest Report can not be read')
    const plan = this.#core.plan([...arrived, honest.value])
    this.#writer.storeIntake({ receivedAtMs: 1_764_000_000_000, lanes: plan.lanes, quarantined: [] })
    this.#core.settle(plan)
    return { stored: arrived.length, refused: texts.length - arrived.length }
  }

  /** All data for desks and programs; throws when an answer can not be made, or can not be written as JSON. */
  list(): void {
    const reader = createReader(this.#db)
    let after: string | undefined
    do {
      const page = reader.alarms({ state: 'all', after, limit: 200 })
      if (!page) throw new Error('no page of alarms')
      JSON.stringify(page)
      after = page.next
    } while (after !== undefined)
    let cursor: string | undefined
    for (let isEnd = false; !isEnd;) {
      const page = reader.events({ after: cursor, limit: 500 })
      if (!page) throw new Error('no page of events')
      for (const { body } of page.rows) JSON.parse(body)
      ;({ next: cursor, isEnd } = page)
    }
    for (let box = 0; box < 500; box++) {
      JSON.stringify(reader.pendingStages(`evil-${box}`))
      JSON.stringify(reader.picturesOfBox(`evil-${box}`, 100))
    }
    JSON.stringify(this.#core.receipt('evil-1', epoch, 1))
  }

  /** The number of honest alarms on the desk, and the expected number. */
  honest(): [onDesk: number, sent: number] {
    const count = this.#db
      .prepare("SELECT count(*) FROM alarms WHERE box = 'honest-1'")
      .pluck()
      .get() as number
    return [count, this.#honest]
  }

  /** The centre stops and starts again on its stored data. */
  restart(): void {
    this.#db.close()
    this.#db = openWriter(this.#file, 2)
    this.#writer = createWriter(this.#db)
    const known = this.#writer.remember([])
    new ReceiverCore().remember(known.epochs, known.lanes)
  }

  end(): void {
    this.#db.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function honestAlarm(number: number): unknown {
  const alarm = records[1] as { alarm: object }
  return { ...alarm, sequence: number, alarm: { ...alarm.alarm, id: `honest-${number}` } }
}

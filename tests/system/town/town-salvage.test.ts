// Question: when the journal of a box is torn, does the box start by itself, report it on the desk, bring the town the
// readable records, and double none that the town had already?
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { createTown, type TestTown } from '../../kits/system/programs.ts'
import {
  act,
  allReceipted,
  deskRows,
  storedEventIds,
  storedRecords,
  until,
} from '../../kits/system/town-steps.ts'

const pageBytes = 4096
const perPart = 150

let town: TestTown

beforeEach(async () => {
  town = await createTown({
    // The events come one after another from one device: no commit window is needed.
    journal: { commitWindowMs: 5 },
    devices: [
      { id: 'button-1', kind: 'button' },
      { id: 'button-2', kind: 'button' },
    ],
  })
})
afterEach(() => town.close())

const idsOf = (part: string): string[] =>
  Array.from({ length: perPart }, (_, i) => `${part}-${String(i).padStart(4, '0')}`)

/** The id of the door in a record's short form; the journal stores uncounted ids elsewhere too. */
const inRecord = (id: string): string => `"door-1","${id}"`

/** Publishes and waits for every PUBACK. */
async function publish(device: string, ids: readonly string[], reading: object): Promise<void> {
  const client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: device })
  await Promise.all(
    ids.map((id) =>
      client.publishAsync(`gengfu/v1/${device}/event`, JSON.stringify({ id, ...reading }), { qos: 1 }),
    ),
  )
  await client.endAsync()
}

/** Files of the journal, whole. */
const journalText = (): string =>
  readdirSync(join(town.folder, 'gateway'))
    .filter((name) => /^journal\.db(-wal)?$/.test(name))
    .map((name) => readFileSync(join(town.folder, 'gateway', name), 'latin1'))
    .join('\n')

/** Zeroes one page of journal.db: `choose` gets each page's text. Returns the choice's number. */
function zeroPage(choose: (page: string, number: number) => boolean): number {
  const file = join(town.folder, 'gateway', 'journal.db')
  const bytes = readFileSync(file)
  for (let at = 0; at < bytes.length; at += pageBytes) {
    if (!choose(bytes.toString('latin1', at, at + pageBytes), at / pageBytes + 1)) continue
    bytes.fill(0, at, at + pageBytes)
    writeFileSync(file, bytes)
    return at / pageBytes + 1
  }
  throw new Error('no such page')
}

it.each([
  ['a page in the middle', (page: string) => page.includes(inRecord('after-0070'))],
  ['the first page', (_page: string, number: number) => number === 1],
])(
  'comes up with %s zeroed: all that can be read arrives, nothing twice',
  async (_name, choose) => {
    const before = idsOf('before')
    const after = idsOf('after')
    const centre = await town.startCentre()
    const gateway = await town.startGateway()
    await publish('door-1', before, { contact: 'open' })
    await publish('button-1', ['press-a'], { button: 'pressed' })
    await until(async () => (await deskRows(town)).length === 1)
    await act(town, (await deskRows(town))[0]?.id ?? '', 'accept')
    await until(async () => (await deskRows(town))[0]?.state === 'acknowledged')
    await allReceipted(town)
    await centre.end()
    await publish('door-1', after, { contact: 'closed' })
    await publish('button-2', ['press-b'], { button: 'pressed' })
    await gateway.end()

    zeroPage(choose)
    const left = journalText()
    const lost = after.filter((id) => !left.includes(inRecord(id)))

    await town.startCentre()
    const again = await town.startGateway()
    const { records } = await again.said(
      'the journal was damaged; what could be read was saved into a new one',
    )
    expect(records).toBeGreaterThanOrEqual(after.length - lost.length)
    const isDamage = ({ kind }: DeskAlarm): boolean => kind === 'journal-damaged'
    await until(async () => (await deskRows(town)).some(isDamage))
    const damaged = (await deskRows(town)).filter(isDamage)
    expect(damaged).toMatchObject([{ colour: 'orange', device: town.boxId, state: 'unacknowledged' }])
    expect(JSON.stringify(damaged[0]?.text ?? {})).toMatch(
      new RegExp(`"zh":".*${String(records)}.*"en":".*${String(records)}`),
    )
    await allReceipted(town)

    const stored = await storedEventIds(town)
    expect(stored.length).toBe(new Set(stored).size)
    const expected = [
      ...before.map((id) => `door-1 ${id}`),
      ...after.filter((id) => !lost.includes(id)).map((id) => `door-1 ${id}`),
      'button-1 press-a',
      'button-2 press-b',
    ]
    expect(expected.filter((id) => !stored.includes(id))).toEqual([])
    const rows = await deskRows(town)
    expect(rows.filter(({ device }) => device === 'button-1')).toMatchObject([
      { occurrences: 1, acceptedBy: 'token:test', needsAnswer: false },
    ])
    expect(rows.filter(({ device }) => device === 'button-2')).toMatchObject([
      { occurrences: 1, state: 'unacknowledged' },
    ])
    // The twin: the centre did get salvaged records, not a journal with only new ones.
    const salvaged = (await storedRecords(town)).filter(({ record }) => record.was !== undefined)
    expect(salvaged.length).toBeGreaterThanOrEqual(after.length - lost.length)
    // It continues normally.
    await publish('door-1', ['later-0001'], { contact: 'open' })
    await until(async () => (await storedEventIds(town)).includes('door-1 later-0001'))
  },
  60_000,
)

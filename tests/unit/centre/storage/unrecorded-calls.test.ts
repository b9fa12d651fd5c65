// Does a call that its box could not store, and forgot at a restart, leave the desk: at once when the device repeats it,
// otherwise after a person has answered it, and never before?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import type { WriterCalls } from '../../../../centre/storage/port.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'
import { epoch, makeAlarm } from '../../../contract/centre/centre-parts.ts'

let folder: string
let db: Sqlite
let writer: WriterCalls
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-unrecorded-'))
  db = openWriter(join(folder, 'centre.db'), 1)
  writer = createWriter(db)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

const box = 'box-a'
const at = { boot: 1, sinceBootMs: 1, atMs: 1, clock: 'synced' as const }
const unstored = (alarm: Alarm): void => void writer.storeUnstoredCall({ box, at, alarm, receivedAtMs: 1000 })
const states = (): Record<string, string> =>
  Object.fromEntries(
    createReader(db)
      .alarms({ state: 'all', limit: 100, after: '' } as never)
      ?.alarms.map(({ id, state }) => [id, state]) ?? [],
  )

function store(...records: ReturnType<typeof makeAlarm>[]): void {
  const report = { v: 1 as const, epoch, lane: 'red' as const, first: 1, records }
  const bodies = records.map((record) => JSON.stringify(record))
  const { lanes } = new ReceiverCore().plan([{ box, report, bodies }])
  writer.storeIntake({ receivedAtMs: 2000, lanes, quarantined: [] })
}

it('ends a forgotten call when its box raises the same alarm anew, and no other call', () => {
  const { alarm } = makeAlarm(1, 'raised', { id: 'lost' })
  unstored(alarm)
  unstored({ ...alarm, id: 'of another device', device: 'button-9' })
  unstored({ ...alarm, id: 'of another kind', kind: 'gas' })
  store(makeAlarm(1, 'raised', { id: 'again' }))
  expect(states()).toEqual({
    [`${box}.again`]: 'unacknowledged',
    [`${box}.lost`]: 'normal',
    [`${box}.of another device`]: 'unacknowledged',
    [`${box}.of another kind`]: 'unacknowledged',
  })
})

it('leaves a call whose record comes later, with the same id', () => {
  const { alarm } = makeAlarm(1, 'raised', { id: 'call' })
  unstored(alarm)
  store(makeAlarm(1, 'raised', { id: 'call' }))
  expect(states()).toEqual({ [`${box}.call`]: 'unacknowledged' })
  expect(writer.endUnrecordedCalls(Number.MAX_SAFE_INTEGER, 3000)).toEqual([])
})

it('ends a call that no device repeats only once it was accepted long enough ago', () => {
  const { alarm } = makeAlarm(1, 'raised', { id: 'lost' })
  unstored(alarm)
  expect(writer.endUnrecordedCalls(Number.MAX_SAFE_INTEGER, 3000)).toEqual([])
  const target = { alarm: `${box}.lost` }
  writer.takeCaseStep(target, { do: 'accept' }, { who: 'li', isSupervisor: false }, 5000)
  expect(writer.endUnrecordedCalls(4999, 6000)).toEqual([])
  expect(states()).toEqual({ [`${box}.lost`]: 'unacknowledged' })
  expect(
    writer
      .endUnrecordedCalls(5000, 6000)
      .map(({ json }) => json)
      .join(),
  ).toContain('"alarm.ended"')
  expect(states()).toEqual({ [`${box}.lost`]: 'normal' })
  expect(writer.endUnrecordedCalls(5000, 7000)).toEqual([])
})

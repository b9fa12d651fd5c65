// Does an alarm that this centre can not read stand at the desk in the commit that receipts it, until people have archived its case?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { UnreadableAlarm } from '../../../../centre/alarms/unreadable-alarm.ts'
import type { QuarantineEntry } from '../../../../centre/storage/port.ts'
import { openWriter, type Sqlite } from '../../../../centre/storage/sqlite/database.ts'
import { createReader } from '../../../../centre/storage/sqlite/reader.ts'
import { createWriter } from '../../../../centre/storage/sqlite/writer.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { Colour } from '../../../../protocols/domain/colour.ts'

let folder: string
let db: Sqlite
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-unreadable-'))
  db = openWriter(join(folder, 'centre.db'), 1)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

const entry = (cause: string, colour?: Colour, beginning = '{"type":"alarm"'): QuarantineEntry => {
  const alarm: UnreadableAlarm | undefined = colour && { colour, beginning }
  return { box: 'box-a', topic: 'up/box-a/red', cause, payload: Buffer.from('x'), alarm }
}
let atMs = 1000
function store(...quarantined: QuarantineEntry[]): string[] {
  const { changes } = createWriter(db).storeIntake({ receivedAtMs: ++atMs, lanes: [], quarantined })
  return changes.map(({ json }) => (JSON.parse(json) as { type: string }).type)
}
const alarms = (state: 'active' | 'all' = 'active'): DeskAlarm[] =>
  createReader(db).alarms({ state, limit: 10 })?.alarms ?? []

it('raises one alarm for a box, with a case, its colour, both texts and the beginning of the record', () => {
  createWriter(db).noteBoxes([{ id: 'box-a', name: '上溪村' }], [])
  expect(store(entry('1', 'red', `{"a":"\u001b[2J${'x'.repeat(300)}`))).toEqual([
    'alarm.raised',
    'case.opened',
  ])
  const [alarm] = alarms()
  expect(alarm).toMatchObject({ box: 'box-a', kind: 'alarm-unreadable', colour: 'red', occurrences: 1 })
  expect(alarm?.text.zh).toMatch(/上溪村.*红色报警.*无法读取.*电话联系/)
  expect(alarm?.text.en).toMatch(/red.*上溪村.*can not be read.*call/)
  expect(alarm?.place?.text).toMatch(/^\{"a":"\[2Jx{90,}$/)
})

it('counts each further record, never falls in colour, and rises', () => {
  store(entry('1', 'orange'))
  expect(store(entry('2', 'orange'))[0]).toBe('alarm.repeated')
  expect(store(entry('3', 'red'))[0]).toBe('alarm.escalated')
  expect(store(entry('4', 'yellow'))[0]).toBe('alarm.repeated')
  expect(alarms()).toMatchObject([{ colour: 'red', latchedColour: 'red', occurrences: 4 }])
})

it('is over with its case, and the next one is a new alarm', () => {
  store(entry('1', 'red'))
  const [first] = alarms()
  const step = (input: object, who = 'wang'): string => {
    const actor = { who, isSupervisor: true }
    return createWriter(db).takeCaseStep({ alarm: first?.id ?? '' }, input as never, actor, ++atMs).type
  }
  expect(step({ do: 'accept' })).toBe('done')
  expect(step({ do: 'feedback', outcome: 'handled', text: 'called' })).toBe('done')
  expect(step({ do: 'verify', isGood: true, text: 'asked the village' }, 'chief')).toBe('done')
  expect(step({ do: 'archive', text: 'asked the village' }, 'chief')).toBe('done')
  expect(alarms()).toEqual([])
  expect(store(entry('2', 'red'))).toEqual(['alarm.raised', 'case.opened'])
  expect(alarms('all')).toHaveLength(2)
})

it('a record that is no alarm raises none, and what comes again is in quarantine once', () => {
  expect(store(entry('1'))).toEqual([])
  for (let again = 0; again < 50; again++) store(entry('2'))
  expect(alarms('all')).toEqual([])
  expect(createReader(db).quarantined()).toHaveLength(2)
})

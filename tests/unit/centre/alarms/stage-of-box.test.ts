// Which stage does a box get for its alarm, and which records are about pictures?
import { expect, it } from 'vitest'
import { isAboutPicture } from '../../../../centre/alarms/picture-records.ts'
import { stageOfBox } from '../../../../centre/alarms/stage-of-box.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { JournalRecord } from '../../../../protocols/domain/record.ts'

const alarm = (more: Partial<DeskAlarm>): DeskAlarm =>
  ({ id: 'box-1.a-7', box: 'box-1', kind: 'sos', stage: 'accepted', changedAtMs: 5, ...more }) as DeskAlarm

it('names the alarm as its box does, with the person who accepted it', () => {
  expect(stageOfBox(alarm({ acceptedBy: 'li' }))).toEqual({
    alarm: 'a-7',
    stage: 'accepted',
    by: 'li',
    atMs: 5,
  })
  expect(stageOfBox(alarm({}))).not.toHaveProperty('by')
})

it("sends no box a stage of the centre's own alarms", () => {
  expect(stageOfBox(alarm({ kind: 'box-silent' }))).toBeUndefined()
})

it('knows the records about pictures from all other log records', () => {
  const log = (what: string): JournalRecord => ({ type: 'log', what }) as JournalRecord
  expect([log('snapshot-taken'), log('snapshot-deleted')].every(isAboutPicture)).toBe(true)
  expect(isAboutPicture(log('started'))).toBe(false)
  expect(isAboutPicture({ type: 'event' } as JournalRecord)).toBe(false)
})

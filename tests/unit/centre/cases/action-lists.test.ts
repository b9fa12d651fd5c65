// Which guidance, actions and plans hold at a place: does the narrower list win, and is nothing of another place taken?
import { expect, it } from 'vitest'
import { plansOf, resolveActions, type ActionList } from '../../../../centre/cases/action-lists.ts'
import { alarmTable } from '../../../../protocols/domain/alarm-table.ts'
import type { Case } from '../../../../protocols/domain/case.ts'

const label = (text: string) => ({ zh: text, en: text })
const action = (id: string, text: string) =>
  ({ id, type: 'text', label: label(text), isRequired: true }) as unknown as NonNullable<
    ActionList['actions']
  >[number]
const village = '320612104201'
const place = { kind: 'sos', village, box: `${village}-1`, zone: 'li-home' } as const
const labels = (lists: ActionList[], at: Parameters<typeof resolveActions>[1] = place): string[] =>
  resolveActions(lists, at).actions.map((one) => `${one.id} ${one.label.en}`)

const byKind: ActionList = {
  kind: '*',
  scope: 'kind',
  place: '',
  actions: [action('call', 'all'), action('log', 'all')],
}
const forKind: ActionList = { kind: 'sos', scope: 'kind', place: '', actions: [action('call', 'sos')] }
const forTown: ActionList = {
  kind: '*',
  scope: 'town',
  place: '320612104',
  guidance: label('town'),
  without: ['log'],
}
const forHome: ActionList = {
  kind: 'sos',
  scope: 'household',
  place: `${village}-1/li-home`,
  actions: [action('call', 'daughter')],
}

it('has the guidance of the alarm table where no list gives one', () => {
  expect(resolveActions([], place)).toEqual({
    guidance: alarmTable.sos.guidance,
    actions: [],
    plans: [],
  })
})

it('lets one kind replace all kinds, and the narrower place the wider one, in any order of the lists', () => {
  expect(labels([byKind, forKind])).toEqual(['call sos', 'log all'])
  expect(labels([forKind, byKind])).toEqual(['call sos', 'log all'])
  expect(labels([forHome, forTown, forKind, byKind])).toEqual(['call daughter'])
  expect(resolveActions([forTown], place).guidance).toEqual(label('town'))
})

it('takes nothing of another kind, town, village or household', () => {
  expect(labels([forKind], { ...place, kind: 'fire' })).toEqual([])
  expect(labels([forHome], { ...place, zone: 'wang-home' })).toEqual([])
  expect(labels([forHome], { kind: 'sos', village })).toEqual([])
  expect(labels([{ ...byKind, scope: 'village', place: 'elsewhere' }])).toEqual([])
  expect(labels([{ ...byKind, scope: 'village', place: village }])).toEqual(['call all', 'log all'])
  expect(resolveActions([{ ...forTown, place: '110000000' }], place).guidance).not.toEqual(label('town'))
})

it('gives a case the plans of its first alarm, and none without an alarm', () => {
  const plan = { id: 'p', label: label('plan'), steps: [] }
  const lists: ActionList[] = [{ kind: 'sos', scope: 'kind', place: '', plans: [plan] }]
  const item = { village, alarms: [{ kind: 'sos' }, { kind: 'fire' }] } as unknown as Case
  expect(plansOf(item, lists)).toEqual([plan])
  expect(plansOf({ ...item, alarms: item.alarms.slice(1) }, lists)).toEqual([])
  expect(plansOf({ ...item, alarms: [] }, lists)).toEqual([])
})

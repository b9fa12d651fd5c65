// Divisions above villages by their codes, and what of each village stands first.
import { expect, test } from 'vitest'
import {
  divisionsAbove,
  divisionsOf,
  isUnder,
  registryVillage,
} from '../../../../centre/villages/registry.ts'
import type { VillageSummary } from '../../../../protocols/desk/api.ts'
import { levelOf } from '../../../../protocols/desk/villages/registry.ts'

test.each([
  ['32', 'province'],
  ['3206', 'city'],
  ['320612', 'county'],
  ['320612104', 'town'],
  ['320612104201', 'village'],
  ['320', undefined],
  ['upper-brook', undefined],
] as const)('%s is a %s', (code, level) => {
  expect(levelOf(code)).toBe(level)
})

test('a village lies under its town, county, city and province; a slug under nothing, a town under its county', () => {
  expect(divisionsAbove('320612104201')).toEqual(['320612104', '320612', '3206', '32'])
  expect(divisionsAbove('320612104')).toEqual(['320612', '3206', '32'])
  expect(divisionsAbove('upper-brook')).toEqual([])
  expect(isUnder('320612104201', '320612')).toBe(true)
  expect(isUnder('320612104201', '320613')).toBe(false)
  expect(isUnder('320612104201', '32061')).toBe(false)
  expect(isUnder('upper-brook', 'upper-brook')).toBe(true)
})

test('counts villages by division and gives names where they are known', () => {
  const found = divisionsOf(['320612104201', '320612104202', 'upper-brook'], new Map([['320612', '通州区']]))
  expect(found.map(({ code, villages }) => [code, villages])).toEqual([
    ['32', 2],
    ['3206', 2],
    ['320612', 2],
    ['320612104', 2],
  ])
  expect(found[2]?.name).toBe('通州区')
})

test('zones come by grade and devices with alarms first; a box without a list is empty', () => {
  const box = { id: 'b-1', name: 'B', presence: 'present' as const, lanes: {} }
  const village: VillageSummary = {
    id: 'b-1',
    boxes: [box],
    openAlarms: { red: 0, orange: 0, yellow: 1, blue: 0 },
  }
  const listing = {
    box: 'b-1',
    zones: [{ id: 'hall' }, { id: 'dam', grade: 'strict' as const }],
    devices: [
      { id: 'd-1', kind: 'contact', alarms: [] },
      { id: 'd-2', kind: 'contact', alarms: ['device-silent' as const] },
    ],
    isCut: false,
  }
  const facts = { village, name: undefined, contacts: undefined }
  const shown = registryVillage({ ...facts, listed: new Map([['b-1', listing]]) })
  expect(shown.boxes[0]?.zones.map(({ id }) => id)).toEqual(['dam', 'hall'])
  expect(shown.boxes[0]?.devices.map(({ id }) => id)).toEqual(['d-2', 'd-1'])
  expect(registryVillage({ ...facts, listed: new Map() }).boxes[0]).toMatchObject({ zones: [], devices: [] })
})

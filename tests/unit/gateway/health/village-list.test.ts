// The list of zones and devices for the town: cut into small parts, written when it changes and once a week, as one commit.
import { expect, test } from 'vitest'
import { listToReport, reportList, villageListOf } from '../../../../gateway/health/village-list.ts'
import type { ExtraWrites } from '../../../../gateway/intake/port.ts'
import {
  cutVillageList,
  partEntriesMax,
  villageListSchema,
} from '../../../../protocols/uplink/village-list.ts'

const place = {
  zones: [{ id: 'dam', name: '水闸', grade: 'strict' as const }],
  devices: Array.from({ length: 20 }, (_, at) => ({ id: `d-${at}`, kind: 'contact', zone: 'dam' })),
  cameras: [{ id: 'cam', name: '广场', zone: ['dam'] }],
}
const dayMs = 86_400_000

test('every entry is in one part, no part is larger than its limit, and each is readable', () => {
  const parts = villageListOf(place)
  expect(parts.flatMap(({ devices = [] }) => devices.map(({ id }) => id))).toHaveLength(21)
  expect(parts.at(-1)?.devices?.at(-1)).toMatchObject({ id: 'cam', kind: 'camera', zone: 'dam' })
  for (const part of parts) {
    expect((part.zones?.length ?? 0) + (part.devices?.length ?? 0)).toBeLessThanOrEqual(partEntriesMax)
    expect(villageListSchema.safeParse(JSON.parse(JSON.stringify(part))).success).toBe(true)
  }
  // An empty list replaces the one before.
  expect(cutVillageList('0123456789abcdef', [], [])).toHaveLength(1)
})

test('says where a zone and a device stand on the plan, and the stages of a gauge; others have no key for it', () => {
  const plan = { x: 0.25, y: 0.5 }
  const [part] = villageListOf({
    zones: [
      { id: 'dam', grade: 'strict', place: { plan } },
      { id: 'hall', grade: 'general', place: { text: 'by the road' } },
    ],
    devices: [
      { id: 'gauge', kind: 'water', plan, water: { warningMm: 3000, nearWarningMm: 2500 } },
      { id: 'door', kind: 'contact', zone: 'hall' },
    ],
    cameras: [],
  })
  const stages = [
    { stage: 'near-warning', mm: 2500 },
    { stage: 'warning', mm: 3000 },
  ]
  const sent = villageListSchema.parse(JSON.parse(JSON.stringify(part)))
  expect(sent.zones).toEqual([
    { id: 'dam', grade: 'strict', plan },
    { id: 'hall', grade: 'general' },
  ])
  expect(sent.devices).toEqual([
    { id: 'gauge', kind: 'water', plan, stages },
    { id: 'door', kind: 'contact', zone: 'hall' },
  ])
})

test('is written when it was not, when it changed, after a week, and when the clock went back', () => {
  const parts = villageListOf(place)
  const hash = parts[0]?.hash ?? ''
  expect(listToReport(parts, undefined, 0)).toHaveLength(parts.length)
  expect(listToReport(parts, { hash, atMs: 0 }, 6 * dayMs)).toHaveLength(0)
  expect(listToReport(parts, { hash, atMs: 0 }, 7 * dayMs)).toHaveLength(parts.length)
  expect(listToReport(parts, { hash: 'another', atMs: 0 }, 1)).toHaveLength(parts.length)
  expect(listToReport(parts, { hash, atMs: 1000 }, 1)).toHaveLength(parts.length)
  const renamed = { ...place, zones: [{ id: 'dam', name: '大坝', grade: 'strict' as const }] }
  expect(villageListOf(renamed)[0]?.hash).not.toBe(hash)
})

test('all parts and the note that they were written are one commit', async () => {
  const commits: ExtraWrites[] = []
  const judge = {
    judgeTogether: async (_inputs: unknown, extraWrites: (remarks: []) => ExtraWrites): Promise<void> => {
      commits.push(extraWrites([]))
    },
  }
  const parts = villageListOf(place)
  await reportList(judge, parts, 5)
  expect(commits).toHaveLength(1)
  expect(commits[0]?.logs).toHaveLength(parts.length)
  expect(commits[0]?.state).toEqual([['village-list', { hash: parts[0]?.hash, atMs: 5 }]])
  await reportList(judge, [], 5)
  expect(commits).toHaveLength(1)
})

// Are faults of boxes put in order and into groups, is the health of a box written with others and again after a failure, and do photos and
// bundles stay in their folder?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BundleFolder, bundlesMax } from '../../../../centre/fleet/bundle-folder.ts'
import { faultsOf, fleetView, groupOf, type FleetBox } from '../../../../centre/fleet/fleet-view.ts'
import { Fleet } from '../../../../centre/fleet/fleet.ts'
import { WorkPhotos } from '../../../../centre/fleet/work-photos.ts'
import type { StoredVitals } from '../../../../centre/storage/fleet-port.ts'
import { RecentRecords, recentMax } from '../../../../gateway/support/recent-records.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import type { Heartbeat } from '../../../../protocols/uplink/heartbeat.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-fleet-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const nowMs = Date.parse('2026-11-30T12:00:00Z')
const well: FleetBox = {
  id: '320612104201-1',
  name: '上溪',
  presence: 'present',
  lastHeardAtMs: nowMs,
  vitals: { version: '1.0.0' },
}
const codes = (box: Partial<FleetBox>): string[] =>
  faultsOf({ ...well, ...box }, nowMs).map(({ code }) => code)

test('what a silent box said of its link is over, what it said of its batteries is not', () => {
  const vitals = {
    version: '1.0.0',
    link: { roundTripMs: 9000 },
    waiting: { records: 9000 },
    devices: [{ id: 'd', presence: 'present' as const, batteryPercent: 5 }],
  }
  expect(codes({ vitals })).toEqual(['link-slow', 'buffer-waits', 'battery-low'])
  expect(codes({ vitals, presence: 'silent' })).toEqual(['box-silent', 'battery-low'])
  expect(codes({ vitals: undefined, lastHeardAtMs: undefined, presence: 'unknown' })).toEqual([
    'box-never-heard',
  ])
  expect(codes({})).toEqual([])
})

test('groups are those with most to repair first; what a box does not say is a group too', () => {
  const slug = { ...well, id: 'upper-brook', vitals: undefined }
  expect([groupOf(well, 'town'), groupOf(slug, 'town'), groupOf(slug, 'model')]).toEqual([
    '320612104',
    'upper-brook',
    '',
  ])
  const boxes = [well, { ...slug, presence: 'silent' as const }]
  const view = fleetView({ boxes, nowMs, openWork: new Map(), names: new Map() }, { grouping: 'version' })
  expect(view.groups.map(({ key, silent, failing }) => [key, silent, failing])).toEqual([
    ['', 1, 1],
    ['1.0.0', 0, 0],
  ])
})

test('health is written in groups, and once more after the disk has failed', async () => {
  const clock = new VirtualClock()
  const stored: StoredVitals[][] = []
  let isFailing = true
  const fleet = new Fleet({
    storage: {
      noteVitals: async (rows) => {
        if (isFailing) throw new Error('full')
        stored.push([...rows])
      },
      storedVitals: async () => [{ box: 'old', atMs: 1, vitals: { version: '0.9.0' } }],
    },
    clock,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    failing: () => 0,
  })
  await fleet.start()
  expect(fleet.of('old')?.vitals.version).toBe('0.9.0')
  const beat = {
    atMs: clock.wallMs() + 5000,
    clock: 'synced',
    vitals: { version: '1\u0007.0' },
  } as unknown as Heartbeat
  fleet.heard('a', beat)
  fleet.heard('b', { ...beat, vitals: undefined })
  expect([fleet.of('a')?.vitals.version.includes('\u0007'), fleet.of('b'), fleet.offsetOf('b')]).toEqual([
    false,
    undefined,
    5000,
  ])
  await fleet.write()
  isFailing = false
  await fleet.stop()
  expect(stored.map((rows) => rows.map(({ box }) => box))).toEqual([['a']])
})

test('a photo is one by its bytes; a bundle has a name of its own, and the oldest go', async () => {
  const photos = new WorkPhotos(join(folder, 'photos'))
  expect(await photos.put(Buffer.from('%PDF-1.4 %%EOF'), 'li', 1)).toBe('no-such-file-type')
  const photo = await photos.put(Buffer.from([0xff, 0xd8, 0xff, 0xff, 0xd9]), 'li', 1)
  expect(typeof photo === 'object' && (await photos.read(photo.sha256))?.length).toBe(5)
  const bundles = new BundleFolder(folder)
  for (let at = 0; at < bundlesMax + 2; at++) await bundles.put('box-1', Buffer.from(`${at}`), at * 1000)
  const list = await bundles.of('box-1')
  expect([list.length, list[0]?.name]).toEqual([bundlesMax, '19700101T000006Z.tar.gz'])
  expect((await bundles.read('box-1', list[0]?.name ?? ''))?.toString()).toBe('6')
  expect(await bundles.read('box-1', '../../passwd')).toBe(undefined)
  await expect(bundles.of('../x')).rejects.toThrow('no box')
})

test('a box keeps the latest records for its bundle', () => {
  const recent = new RecentRecords()
  for (let at = 0; at < 3 * recentMax; at++) recent.add([{ sequence: at } as never])
  const lines = recent.text().trim().split('\n')
  expect([lines.length, lines.at(-1)]).toEqual([recentMax, `{"sequence":${3 * recentMax - 1}}`])
})

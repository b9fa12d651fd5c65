// Question: do the pictures of an alarm reach the town complete, with real programs and a real (simulated) camera,
// through a broken link and the end of either program, and is no receipted byte sent twice?
import { createHash } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { DeskPicture, EventsAnswer, LooksAnswer } from '../../../protocols/desk/api.ts'
import { snapshotTaken } from '../../../protocols/domain/snapshot.ts'
import { ChunkCount } from '../../kits/system/chunk-count.ts'
import { areHere, openPictureVillage, type PictureVillage } from '../../kits/system/picture-village.ts'
import { runCommand, type TestTown } from '../../kits/system/programs.ts'

const villages: PictureVillage[] = []
afterEach(async () => {
  for (const village of villages.splice(0)) await village.close()
})

async function open(...options: Parameters<typeof openPictureVillage>): Promise<PictureVillage> {
  const village = await openPictureVillage(...options)
  villages.push(village)
  return village
}

const hashOf = (bytes: ArrayBuffer): string => createHash('sha256').update(Buffer.from(bytes)).digest('hex')

/** For each record about a taken picture: its moment, and its lane. */
async function pictureLanes(town: TestTown): Promise<[unknown, string][]> {
  const { events } = await town.get<EventsAnswer>('/api/v1/events?limit=1000')
  return events.flatMap(({ lane, record }) =>
    record.type === 'log' && record.what === snapshotTaken ? [[record.facts?.['moment'], lane]] : [],
  )
}

async function fetchWhole(village: PictureVillage, found: readonly DeskPicture[]): Promise<void> {
  for (const { preview, full } of found)
    for (const { sha256, bytes } of [preview, full]) {
      const answer = await village.fetchPicture(sha256)
      expect(answer.headers.get('content-type')).toBe('image/jpeg')
      expect(answer.headers.get('cache-control')).toBe('private, no-store')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      const body = await answer.arrayBuffer()
      expect([body.byteLength, hashOf(body)]).toEqual([bytes, sha256])
    }
}

test('brings previews and full sizes of an alarm to the API, whole, and logs who looked at which', async () => {
  const village = await open(10_000_000)
  const { town, camera, button } = village
  camera.scene.grain = 100
  await town.startCentre()
  await town.startGateway()
  await button.connect(town.ports.mqtt)
  button.publish('{"id":"1-1","button":"pressed"}')
  // A busy machine answers two moments with one picture, or misses one: the existing pictures must be right.
  const found = await village.picturesWhen(areHere(2))
  expect(['at-once', 'after-2s', 'after-5s']).toEqual(
    expect.arrayContaining(found.map(({ moment }) => moment)),
  )
  expect(Math.min(...found.map(({ full }) => full.bytes))).toBeGreaterThan(50_000)
  const lanes = await pictureLanes(town)
  expect(lanes.length).toBeGreaterThanOrEqual(found.length)
  expect(lanes).toEqual(lanes.map(([moment]) => [moment, moment === 'at-once' ? 'red' : 'blue']))
  await fetchWhole(village, found)
  const flags = ['--config', town.centreFile, '--role']
  const maintainer = await runCommand(['centre', 'token', ...flags, 'maintainer', '--name', 'm'])
  expect((await village.fetchPicture(found[0]?.full.sha256 ?? '', maintainer)).status).toBe(403)
  const supervisor = await runCommand(['centre', 'token', ...flags, 'supervisor', '--name', 's'])
  const looks = await fetch(`http://127.0.0.1:${town.ports.http}/api/v1/looks`, {
    headers: { Authorization: `Bearer ${supervisor}` },
  })
  const { looks: rows } = (await looks.json()) as LooksAnswer
  expect(rows).toHaveLength(found.length * 2)
  expect(rows.at(-1)).toMatchObject({
    who: 'token:test',
    role: 'operator',
    camera: 'cam-1',
    size: 'preview',
    sha256: found[0]?.preview.sha256,
  })
}, 60_000)

test('continues where it was when the link breaks, the centre is killed and the box is killed in the middle of pictures', async () => {
  const count = new ChunkCount()
  const village = await open(60_000, { watch: () => count.watch() })
  const { town, camera, link, button } = village
  camera.scene.grain = 100
  let centre = await town.startCentre()
  let gateway = await town.startGateway()
  await button.connect(town.ports.mqtt)
  button.publish('{"id":"1-1","button":"pressed"}')
  const isPartly = (percent: number) => (found: DeskPicture[]) =>
    found.some(({ full }) => full.state === 'on-the-way' && (full.percent ?? 0) >= percent)
  await village.picturesWhen(isPartly(15))
  link.cut()
  await village.picturesWhen(isPartly(35))
  await centre.end('SIGKILL')
  centre = await town.startCentre()
  await village.picturesWhen(isPartly(55))
  button.end()
  await gateway.end('SIGKILL')
  gateway = await town.startGateway()
  link.bytesPerSecond = 10_000_000
  const found = await village.picturesWhen(areHere(1))
  await fetchWhole(village, found)
  // Two moments may share a picture: its bytes are sent once.
  const files = new Map(
    found.flatMap(({ preview, full }) => [preview, full].map((one) => [one.sha256, one.bytes])),
  )
  const totalBytes = [...files.values()].reduce((sum, bytes) => sum + bytes, 0)
  expect(count.againBytes).toBe(0)
  // Bytes in flight at each of the three breaks were sent again, and no others.
  expect(count.sentBytes).toBeGreaterThanOrEqual(totalBytes)
  expect(count.sentBytes - totalBytes).toBeLessThan(3 * 32 * 1024)
  expect([centre.isRunning, gateway.isRunning]).toEqual([true, true])
}, 90_000)

// Question: do the pictures of an alarm reach the town whole, with real programs and a real (simulated) camera, through a
// broken link and through the death of either program, and is nothing sent twice that was receipted?
import { createHash } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { SimulatedCamera } from '../../firmware-sim/camera/simulated-camera.ts'
import type { AlarmsAnswer, DeskPicture, LooksAnswer, PicturesAnswer } from '../../protocols/desk/api.ts'
import { RawDevice } from '../bench/raw-device.ts'
import { createTown, runCommand, type TestTown } from './programs.ts'
import { SlowLink } from './slow-link.ts'

const undos: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const undo of undos.splice(0).toReversed()) await undo()
})

interface Scene {
  town: TestTown
  camera: SimulatedCamera
  link: SlowLink
  button: RawDevice
}

/** A village with a button and a camera in one zone; its uplink goes through a link that can be slow and can break. */
async function openVillage(bytesPerSecond: number, centre: object = {}): Promise<Scene> {
  const camera = new SimulatedCamera()
  await camera.start()
  undos.push(() => camera.stop())
  const link = new SlowLink(bytesPerSecond)
  undos.push(() => link.stop())
  const port = await link.start()
  const town = await createTown(
    {
      zones: [{ id: 'yard' }],
      devices: [{ id: 'button-1', kind: 'button', zone: 'yard' }],
      cameras: [
        {
          id: 'cam-1',
          host: '127.0.0.1',
          port: camera.port,
          zone: 'yard',
          ringSeconds: 0,
          healthSeconds: 3600,
          onvif: false,
          snapshotPath: '/snapshot.jpg',
        },
      ],
      uplink: { url: `mqtt://127.0.0.1:${port}` },
    },
    centre,
  )
  link.target = town.ports.uplink
  undos.push(() => town.close())
  const button = new RawDevice('button-1')
  undos.push(() => button.end())
  return { town, camera, link, button }
}

async function alarmOf(town: TestTown): Promise<string> {
  let id: string | undefined
  const look = async (): Promise<void> => {
    id = (await town.get<AlarmsAnswer>('/api/v1/alarms')).alarms[0]?.id
  }
  for (let tries = 0; id === undefined && tries < 200; tries++) await look()
  if (id === undefined) throw new Error('no alarm came')
  return id
}

async function pictures(town: TestTown, alarm: string): Promise<DeskPicture[]> {
  return (await town.get<PicturesAnswer>(`/api/v1/alarms/${alarm}/pictures`)).pictures
}

/** Asks until the pictures are as wanted. */
async function picturesWhen(
  town: TestTown,
  isWanted: (pictures: DeskPicture[]) => boolean,
  maxMs = 20_000,
): Promise<DeskPicture[]> {
  const alarm = await alarmOf(town)
  const endMs = performance.now() + maxMs
  for (;;) {
    const found = await pictures(town, alarm).catch(() => [])
    if (isWanted(found)) return found
    if (performance.now() > endMs) throw new Error(`not within ${maxMs} ms: ${JSON.stringify(found)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const areHere = (count: number) => (found: DeskPicture[]) =>
  found.length >= count &&
  found.every(({ preview, full }) => preview.state === 'here' && full.state === 'here')

async function fetchPicture(town: TestTown, sha256: string, token?: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${town.ports.http}/api/v1/pictures/${sha256}`, {
    headers: { Authorization: `Bearer ${token ?? (await town.token())}` },
  })
}

const hashOf = (bytes: ArrayBuffer): string => createHash('sha256').update(Buffer.from(bytes)).digest('hex')

test('brings previews and full sizes of an alarm to the API, whole, and logs who looked at which', async () => {
  const { town, camera, button } = await openVillage(10_000_000)
  camera.scene.grain = 100
  await town.startCentre()
  await town.startGateway()
  await button.connect(town.ports.mqtt)
  button.publish('{"id":"1-1","button":"pressed"}')
  const found = await picturesWhen(town, areHere(3))
  expect(found.map(({ moment }) => moment)).toEqual(['at-once', 'after-2s', 'after-5s'])
  for (const { preview, full } of found) {
    expect(full.bytes).toBeGreaterThan(50_000)
    for (const { sha256, bytes } of [preview, full]) {
      const answer = await fetchPicture(town, sha256)
      expect(answer.headers.get('content-type')).toBe('image/jpeg')
      expect(answer.headers.get('cache-control')).toBe('private, no-cache')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      const body = await answer.arrayBuffer()
      expect([body.byteLength, hashOf(body)]).toEqual([bytes, sha256])
    }
  }
  const flags = ['--config', town.centreFile, '--role']
  const maintainer = await runCommand(['centre', 'token', ...flags, 'maintainer', '--name', 'm'])
  expect((await fetchPicture(town, found[0]?.full.sha256 ?? '', maintainer)).status).toBe(403)
  const supervisor = await runCommand(['centre', 'token', ...flags, 'supervisor', '--name', 's'])
  const looks = (await (
    await fetch(`http://127.0.0.1:${town.ports.http}/api/v1/looks`, {
      headers: { Authorization: `Bearer ${supervisor}` },
    })
  ).json()) as LooksAnswer
  expect(looks.looks).toHaveLength(6)
  expect(looks.looks.at(-1)).toMatchObject({
    who: 'test',
    role: 'operator',
    camera: 'cam-1',
    size: 'preview',
    sha256: found[0]?.preview.sha256,
  })
}, 60_000)

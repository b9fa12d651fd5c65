// Shared parts of the picture tests: a village with a button and a camera in one zone, on an uplink that can be thin
// and can break.
import { SimulatedCamera } from '../../../firmware-sim/camera/simulated-camera.ts'
import type { AlarmsAnswer, DeskPicture, PicturesAnswer } from '../../../protocols/desk/api.ts'
import { RawDevice } from '../../bench/load/raw-device.ts'
import { createTown, type TestTown } from './programs.ts'
import { SlowLink, type LinkWatch } from './slow-link.ts'

export interface PictureVillage {
  town: TestTown
  camera: SimulatedCamera
  link: SlowLink
  button: RawDevice
  /** Asks until the pictures of the only alarm are as expected. */
  picturesWhen(isWanted: (pictures: DeskPicture[]) => boolean, maxMs?: number): Promise<DeskPicture[]>
  fetchPicture(sha256: string, token?: string): Promise<Response>
  close(): Promise<void>
}

export async function openPictureVillage(
  bytesPerSecond: number,
  options: { centre?: object; watch?: () => LinkWatch } = {},
): Promise<PictureVillage> {
  const camera = new SimulatedCamera()
  await camera.start()
  const link = new SlowLink(bytesPerSecond, options.watch)
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
      uplink: { url: `mqtt://127.0.0.1:${port}`, retrySecondsMax: 1 },
    },
    options.centre,
  )
  link.target = town.ports.uplink
  const button = new RawDevice('button-1')
  const pictures = async (): Promise<DeskPicture[]> => {
    const id = (await town.get<AlarmsAnswer>('/api/v1/alarms')).alarms[0]?.id
    if (id === undefined) return []
    return (await town.get<PicturesAnswer>(`/api/v1/alarms/${id}/pictures`)).pictures
  }
  return {
    town,
    camera,
    link,
    button,
    async picturesWhen(isWanted, maxMs = 30_000) {
      const endMs = performance.now() + maxMs
      for (;;) {
        // A centre that was just killed does not answer for a while.
        const found = await pictures().catch(() => [])
        if (isWanted(found)) return found
        if (performance.now() > endMs) throw new Error(`not within ${maxMs} ms: ${JSON.stringify(found)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async fetchPicture(sha256, token) {
      return fetch(`http://127.0.0.1:${town.ports.http}/api/v1/pictures/${sha256}`, {
        headers: { Authorization: `Bearer ${token ?? (await town.token())}` },
      })
    },
    async close() {
      button.end()
      await link.stop()
      await town.close()
      await camera.stop()
    },
  }
}

/** At least this many pictures are complete here, in both sizes. */
export const areHere =
  (count: number) =>
  (found: DeskPicture[]): boolean =>
    found.length >= count &&
    found.every(({ preview, full }) => preview.state === 'here' && full.state === 'here')

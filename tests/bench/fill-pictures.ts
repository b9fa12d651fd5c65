// Pictures after a long outage: stored at the box through the store's own interface, none of them at the centre.
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { toCoefficients, type Plane } from '../../platform/jpeg/jpeg-planes.ts'
import { writeJpeg } from '../../platform/jpeg/write-jpeg.ts'
import { snapshotTaken } from '../../protocols/domain/snapshot.ts'
import type { LogRecord } from '../../protocols/domain/record.ts'
import type { FinishedFile } from '../../gateway/cameras/pictures/picture-processor.ts'
import { PictureStore, type StoredSnapshot } from '../../gateway/cameras/pictures/picture-store.ts'

/**
 * Noise, which no compression makes smaller: about 60 KB and 12 KB, like an ordinary camera's picture and its preview.
 */
const fullSize = { width: 384, height: 216, quality: 25 }
const previewSize = { width: 176, height: 96, quality: 20 }
/** A camera that does not answer: the box loads its cameras, and no new picture comes. */
export const deadCamera = {
  id: 'cam-1',
  host: '127.0.0.1',
  port: 9,
  zone: 'bench',
  onvif: false,
  snapshotPath: '/snapshot.jpg',
  ringSeconds: 0,
  healthSeconds: 3600,
}

function noise({ width, height, quality }: typeof fullSize): FinishedFile {
  const plane = (): Plane => ({
    h: 1,
    v: 1,
    width,
    height,
    samples: new Uint8Array(randomBytes(width * height)),
  })
  const bytes = writeJpeg(toCoefficients({ width, height, planes: [plane(), plane(), plane()] }, quality))
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), width, height }
}

const named = ({ bytes, ...rest }: FinishedFile): StoredSnapshot['full'] => ({ ...rest, bytes: bytes.length })

/** Returns their records without sequences: records are sent before the bytes. */
export async function fillPictures(dataDir: string, count: number): Promise<Omit<LogRecord, 'sequence'>[]> {
  const store = new PictureStore({
    folder: join(dataDir, 'pictures'),
    log: pino({ level: 'warn' }),
    totalBytesMax: Number.MAX_SAFE_INTEGER,
    cameraBytesMax: () => Number.MAX_SAFE_INTEGER,
    termMs: Number.MAX_SAFE_INTEGER,
    onDeleted: () => undefined,
  })
  await store.open()
  const records: Omit<LogRecord, 'sequence'>[] = []
  // From the last minutes: the box deletes pictures past their term.
  const firstAtMs = Date.now() - count * 1000
  for (let n = 1; n <= count; n++) {
    const [full, preview] = [noise(fullSize), noise(previewSize)]
    const time = {
      boot: 1,
      sinceBootMs: n * 1000,
      atMs: firstAtMs + n * 1000,
      clock: 'synced',
    } as const
    const snapshot: StoredSnapshot = {
      id: n.toString(16).padStart(8, '0'),
      camera: deadCamera.id,
      zone: deadCamera.zone,
      moment: 'schedule',
      fetchedAt: time,
      full: named(full),
      preview: named(preview),
      source: 'http',
      isMasked: false,
      picture: 'good',
      answerMs: 100,
      readyMs: 200,
      isHeld: false,
    }
    await store.put([snapshot], full, preview)
    const { isHeld: _isHeld, ...facts } = snapshot
    records.push({ type: 'log', ...time, what: snapshotTaken, facts })
  }
  return records
}

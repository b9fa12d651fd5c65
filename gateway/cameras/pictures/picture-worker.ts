// The worker thread for pictures, so that no camera waits for the picture of another.
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { PictureProcessorJob, PictureProcessorReply } from './picture-processor.ts'
import { toCoefficients } from '../../../platform/jpeg/jpeg-planes.ts'
import { writeJpeg } from '../../../platform/jpeg/write-jpeg.ts'
import { workPicture } from './picture-work.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function work(job: PictureProcessorJob): PictureProcessorReply {
  const result = workPicture(job.bytes, job.masks)
  if (!result.ok) return { id: job.id, ok: false, code: result.code }
  const { full, preview, width, height, light } = result.picture
  return {
    id: job.id,
    ok: true,
    source: sha256(job.bytes),
    full: { bytes: full, sha256: sha256(full), width, height },
    preview: { ...preview, sha256: sha256(preview.bytes) },
    light,
  }
}

parentPort?.on('message', (job: PictureProcessorJob) => {
  parentPort?.postMessage(work(job))
  // The memory of a picture, megabytes of planes, is outside the heap, where V8 frees it late.
  globalThis.gc?.({ type: 'minor' })
})

/** Warms up the code before the first picture of an alarm: half a second against a tenth. */
function warmUp(): void {
  const [width, height] = [640, 352]
  const samples = Uint8Array.from({ length: width * height }, (_, i) => (i * 2_654_435_761) >>> 24)
  const plane = { h: 1, v: 1, width, height, samples }
  const picture = writeJpeg(toCoefficients({ width, height, planes: [plane, plane, plane] }, 80))
  for (let i = 0; i < 3; i++) workPicture(picture, [])
}

warmUp()

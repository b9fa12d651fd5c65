// The thread in which pictures are worked on, so that the gateway's own thread never waits for one.
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { DarkroomJob, DarkroomReply } from './darkroom.ts'
import { workPicture } from './picture-work.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function work(job: DarkroomJob): DarkroomReply {
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

parentPort?.on('message', (job: DarkroomJob) => parentPort?.postMessage(work(job)))

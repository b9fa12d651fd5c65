// The camera actions of a person at the box: take a picture and view it, set a camera's password, confirm a new
// certificate. The cameras record the person's name.
import { z } from 'zod'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import type { Problem } from '../../protocols/kit/result.ts'
import type { Cameras, Reason } from '../cameras/port.ts'
import { controlBytesMax } from './box-controls.ts'

const by = z.string().min(1).max(80)
const shapes = {
  snapshot: z.strictObject({ by }),
  password: z.strictObject({ by, user: z.string().min(1).max(200), password: z.string().max(200) }),
  certificate: z.strictObject({ by }),
}
type CameraControl = keyof typeof shapes

const pathPattern = /^\/api\/v1\/cameras\/([A-Za-z0-9._-]{1,64})\/(snapshot|password|certificate)$/

export function isCameraPath(path: string): boolean {
  return pathPattern.test(path)
}

export interface ControlAnswer {
  status: number
  answer: { ok: boolean; reason?: Reason; problems?: readonly Problem[]; snapshot?: PictureFacts }
}

interface PictureFacts {
  id: string
  width: number
  height: number
  bytes: number
  source: 'http' | 'rtsp'
  answerMs: number
}

/** `POST /api/v1/cameras/{id}/{snapshot|password|certificate}` with this body. */
export async function runCameraControl(
  cameras: Cameras | undefined,
  path: string,
  body: Uint8Array,
): Promise<ControlAnswer> {
  const [, camera = '', control = ''] = pathPattern.exec(path) ?? []
  if (!cameras?.health().some((one) => one.camera === camera)) return { status: 404, answer: { ok: false } }
  const json = parseJson(body, controlBytesMax)
  const parsed = json.ok ? fromZod(shapes[control as CameraControl] as z.ZodType<Asked>, json.value) : json
  // A refused body may contain a password: its problems name fields, never values.
  if (!parsed.ok) return { status: 400, answer: { ok: false, problems: parsed.problems } }
  try {
    return await run(cameras, camera, control as CameraControl, parsed.value)
  } catch (error) {
    const { reason } = error as { reason?: Reason }
    if (reason === undefined) throw error
    return { status: 409, answer: { ok: false, reason } }
  }
}

interface Asked {
  by: string
  user?: string
  password?: string
}

async function run(
  cameras: Cameras,
  camera: string,
  control: CameraControl,
  { by: asker, user = '', password = '' }: Asked,
): Promise<ControlAnswer> {
  if (control === 'password') await cameras.setCredentials(camera, user, password, asker)
  if (control === 'certificate') await cameras.forgetCertificate(camera, asker)
  if (control !== 'snapshot') return { status: 200, answer: { ok: true } }
  const taken = await cameras.take(camera, asker)
  if (!taken.ok) return { status: 502, answer: { ok: false, reason: taken.reason } }
  const { id, full, source, answerMs } = taken.snapshot
  const { width, height, bytes } = full
  return { status: 200, answer: { ok: true, snapshot: { id, width, height, bytes, source, answerMs } } }
}

/** The picture, after the view was logged; undefined when there is none or the request contains no person. */
export async function lookAtPicture(
  cameras: Cameras | undefined,
  path: string,
  who: string,
): Promise<Uint8Array | undefined> {
  const [, snapshot, size] = /^\/api\/v1\/snapshots\/([0-9a-f]{8,64})\/(preview|full)$/.exec(path) ?? []
  if (snapshot === undefined || who === '' || who.length > 80) return undefined
  return cameras?.look({ snapshot, size: size === 'full' ? 'full' : 'preview', who, via: 'console' })
}

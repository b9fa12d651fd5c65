// The routes by which boxes send more than records: the copy for a box that replaces them, support bundles, the village plan and the
// handover sheet. A box has no session:
// each upload is signed with the key of its certificate.
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import {
  certificateHeader,
  signatureHeader,
  timeHeader,
  type UploadPurpose,
} from '../../../platform/certificates/signed-upload.ts'
import { boxCopySchema, copyCharsMax } from '../../../protocols/enrolment/box-copy.ts'
import { handoverBytesMax } from '../../../protocols/enrolment/handover.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'
import { GuessLimit } from '../../../platform/strangers/guess-limit.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { BoxEnrolment } from '../../enrolment/box-enrolment.ts'
import type { BundleFolder } from '../../fleet/bundle-folder.ts'
import { readHandover } from '../../fleet/read-handover.ts'
import { UploadPace } from '../../fleet/upload-pace.ts'
import { planBytesMax, type PlanFolder } from '../../fleet/plan-folder.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { pieceType } from '../uploads.ts'

const copyBytesMax = 1024 * 1024
const bundleBytesMax = 4 * 1024 * 1024
/** An older one is a repeat by a third party, or a box whose clock is wrong. */
const ageMsMax = 15 * 60_000
const headerCharsMax = 8192

export interface UploadRouteOptions {
  enrolment: BoxEnrolment | undefined
  storage: Pick<Storage, 'putBoxCopy'>
  bundles: BundleFolder
  handovers: BundleFolder
  plans: PlanFolder
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
}

interface Upload {
  box: string
  atMs: number
  bytes: Uint8Array
}

const empty = z.object({})

export function createUploadRoutes(options: UploadRouteOptions): Route[] {
  const { storage, bundles, handovers, clock, securityLog } = options
  const signed = createSigned(options)
  return [
    {
      method: 'POST',
      path: '/enrol/copy',
      summary: {
        zh: '网关上传自己的配置副本，供将来替换它的网关接管',
        en: 'A box sends the copy with which another box can take its place; signed with its certificate',
      },
      access: 'open',
      upload: { types: [pieceType], bytesMax: copyBytesMax },
      answer: empty,
      problems: ['bad-request', 'certificate-over', 'no-enrolment', 'too-many-guesses'],
      run: async (call) => {
        const { box, atMs, bytes } = signed('copy', call)
        const body = readCopy(bytes)
        if (body === undefined) throw new ApiProblem('bad-request', 'a copy of a box')
        if (!(await storage.putBoxCopy({ box, atMs, body }))) throw new ApiProblem('bad-request', 'older')
        return { json: {} }
      },
    },
    {
      method: 'POST',
      path: '/enrol/bundle',
      summary: {
        zh: '网关上传支持包',
        en: 'A box sends a support bundle that was asked for; signed with its certificate',
      },
      access: 'open',
      upload: { types: [pieceType], bytesMax: bundleBytesMax },
      answer: empty,
      problems: ['bad-request', 'certificate-over', 'no-enrolment', 'too-many-guesses'],
      run: async (call) => {
        const { box, bytes } = signed('bundle', call)
        // Gzip by its first bytes: what it is not is not handed to a person as an archive.
        if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new ApiProblem('bad-request', 'gzip')
        const name = await bundles.put(box, bytes, clock.wallMs())
        securityLog.note('bundle-arrived', box, call.address, name)
        return { json: {} }
      },
    },
    {
      method: 'POST',
      path: '/enrol/handover',
      summary: {
        zh: '网关上传交接单（含图片）',
        en: 'A box sends its handover sheet with pictures; signed with its certificate',
      },
      access: 'open',
      upload: { types: [pieceType], bytesMax: handoverBytesMax },
      answer: empty,
      problems: ['bad-request', 'certificate-over', 'no-enrolment', 'too-many-guesses'],
      run: async (call) => {
        const { box, bytes } = signed('handover', call)
        if (readHandover(bytes)?.box !== box)
          throw new ApiProblem('bad-request', 'a handover sheet of this box')
        const name = await handovers.put(box, bytes, clock.wallMs())
        securityLog.note('handover-arrived', box, call.address, name)
        return { json: {} }
      },
    },
    planRoute(options, signed),
  ]
}

/** The plan that an installer uploaded at the console; one from a desk counts before it. */
function planRoute(
  { plans, securityLog }: UploadRouteOptions,
  signed: ReturnType<typeof createSigned>,
): Route {
  return {
    method: 'POST',
    path: '/enrol/plan',
    summary: {
      zh: '网关上传村庄平面图',
      en: 'A box sends the picture of its village plan; signed with its certificate',
    },
    access: 'open',
    upload: { types: [pieceType], bytesMax: planBytesMax },
    answer: empty,
    problems: ['bad-request', 'certificate-over', 'no-enrolment', 'too-many-guesses'],
    run: async (call) => {
      const { box, bytes } = signed('plan', call)
      const village = villageOf(box)
      if (!plans.put(village, 'box', bytes)) throw new ApiProblem('bad-request', 'PNG, JPEG or WebP')
      securityLog.note('plan-arrived', box, call.address, village)
      return { json: {} }
    },
  }
}

function createSigned({ enrolment, clock, securityLog }: UploadRouteOptions) {
  const guesses = new GuessLimit(clock)
  const pace = new UploadPace(clock)
  return (purpose: UploadPurpose, { header, upload, address }: RouteCall): Upload => {
    if (!enrolment) throw new ApiProblem('no-enrolment')
    if (!guesses.allows(purpose, address)) throw new ApiProblem('too-many-guesses')
    const [certificate = '', signature = '', time = ''] = [
      certificateHeader,
      signatureHeader,
      timeHeader,
    ].map((name) => header(name) ?? '')
    const atMs = Number.parseInt(time, 10)
    const isNow = Math.abs(clock.wallMs() - atMs) <= ageMsMax
    const bytes = upload ?? new Uint8Array()
    const pem =
      certificate.length <= headerCharsMax ? Buffer.from(certificate, 'base64').toString('utf8') : ''
    const box = isNow
      ? enrolment.signerOf({ purpose, atMs, bytes }, { certificate: pem, signature })
      : undefined
    if (box === undefined) {
      guesses.note(purpose, address)
      securityLog.note('box-enrolment-refused', '', address, `${purpose}: certificate-over`)
      throw new ApiProblem('certificate-over')
    }
    if (!pace.take(box, purpose)) throw new ApiProblem('busy')
    return { box, atMs, bytes }
  }
}

/** The JSON of a copy; undefined for anything else. */
function readCopy(bytes: Uint8Array): string | undefined {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: 2 * copyCharsMax }).toString('utf8')
    const json = parseJson(text, 2 * copyCharsMax)
    return json.ok && fromZod(boxCopySchema, json.value).ok ? text : undefined
  } catch {
    return undefined
  }
}

// The routes of people who were sent: their page opens a link, reports what happens, and sends photos. No session, no cookie: a link's
// token comes as a bearer token, and with it the key of the phone that opened it first.
import type { z } from 'zod'
import { answeringRoles, type DeskAlarm } from '../../../protocols/desk/api.ts'
import {
  deviceHeader,
  deviceKeyPattern,
  pieceBytesMax,
  type LinksAnswer,
  type NewLinksAnswer,
  type PhotoAnswer,
  type ResponderAnswer,
} from '../../../protocols/desk/responder.ts'
import type { PlanPoint, Position } from '../../../protocols/domain/places/coordinates.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Attachments } from '../../attachments/attachments.ts'
import type { PhotoParts } from '../../people/photo-parts.ts'
import { linkHash, type ResponseLinks } from '../../people/response-links.ts'
import type { LinkProof, ResponseOutcome } from '../../storage/response-port.ts'
import type { Storage, StoredChange } from '../../storage/port.ts'
import { ApiProblem, problemOfRefusal, type ProblemCode } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { pieceType } from '../uploads.ts'
import * as schemas from './response-schemas.ts'

/** Wrong links are written down this often at most; each costs one read. */
const refusedNoteEveryMs = 10_000

export interface ResponseRouteOptions {
  storage: Pick<
    Storage,
    | 'isResponseLink'
    | 'openResponse'
    | 'takeResponse'
    | 'attachResponse'
    | 'responseLinks'
    | 'endResponseLinks'
    | 'caseOf'
  >
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
  links: ResponseLinks
  attachments: Attachments
  parts: PhotoParts
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
  /** Where the phone's map finds it. */
  positionOf: (village: string, point: PlanPoint | undefined) => Position | undefined
}

const problems = [
  'bad-request',
  'no-link',
  'link-expired',
  'link-used',
  'case-over',
  'too-many-entries',
  'no-such-file-type',
  'no-room',
  'wrong-step',
  'needs-reason',
] as const satisfies readonly ProblemCode[]

const problemOf: Record<Exclude<ResponseOutcome['type'], 'done' | 'refused'>, ProblemCode> = {
  unknown: 'no-link',
  expired: 'link-expired',
  'other-phone': 'link-used',
  over: 'case-over',
  full: 'too-many-entries',
}

/** A wrong token is found by one read, before any write; it locks no person out. */
function createProof({ storage, clock, securityLog }: ResponseRouteOptions) {
  let notedAtMs = -Infinity
  return async ({ token, header, address, admit }: RouteCall): Promise<LinkProof> => {
    const device = header(deviceHeader) ?? ''
    if (!deviceKeyPattern.test(device)) throw new ApiProblem('bad-request', deviceHeader)
    const hash = linkHash(token ?? '')
    if (token === undefined || token === '' || !(await storage.isResponseLink(hash))) {
      const nowMs = clock.monotonicMs()
      if (nowMs - notedAtMs >= refusedNoteEveryMs) securityLog.note('link-refused', '', address)
      if (nowMs - notedAtMs >= refusedNoteEveryMs) notedAtMs = nowMs
      throw new ApiProblem('no-link')
    }
    if (!admit(`link ${hash}`)) throw new ApiProblem('busy')
    return { hash, device: linkHash(device) }
  }
}

export function createResponseRoutes(options: ResponseRouteOptions): Route[] {
  return [...pageRoutes(options), ...linkRoutes(options)]
}

function settle(
  outcome: ResponseOutcome | 'wrong-type' | 'full',
  { onStep, positionOf }: Pick<ResponseRouteOptions, 'onStep' | 'positionOf'>,
): ResponderAnswer {
  if (outcome === 'wrong-type') throw new ApiProblem('no-such-file-type')
  if (outcome === 'full') throw new ApiProblem('no-room')
  if (outcome.type === 'refused') throw new ApiProblem(problemOfRefusal[outcome.code], outcome.detail)
  if (outcome.type !== 'done') throw new ApiProblem(problemOf[outcome.type])
  if (outcome.changes.length > 0) onStep(outcome.alarms, outcome.changes)
  const at = positionOf(outcome.view.village, outcome.view.plan)
  return { view: { ...outcome.view, ...(at ? { at } : {}) } }
}

function pageRoutes(options: ResponseRouteOptions): Route[] {
  const { storage, clock } = options
  const proofOf = createProof(options)
  const settled = (outcome: ResponseOutcome): ResponderAnswer => settle(outcome, options)
  return [
    {
      method: 'POST',
      path: '/api/v1/respond',
      summary: {
        zh: '现场人员打开链接：事由与地点',
        en: 'A person who was sent opens the link: what and where. The first phone keeps it',
      },
      access: 'open',
      answer: schemas.responderAnswer,
      problems,
      run: async (call) => ({
        json: settled(await storage.openResponse(await proofOf(call), clock.wallMs())),
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/respond/step',
      summary: {
        zh: '现场人员：到达、无法前往、反馈、备注；同一编号只计一次',
        en: 'Arrived, can not go, feedback, note; the same id again counts once',
      },
      access: 'open',
      body: schemas.entryBody,
      answer: schemas.responderAnswer,
      problems,
      run: async (call) => {
        const entry = call.body as z.infer<typeof schemas.entryBody>
        return { json: settled(await storage.takeResponse(await proofOf(call), entry, clock.wallMs())) }
      },
    },
    photoRoute(options, proofOf),
  ]
}

function photoRoute(options: ResponseRouteOptions, proofOf: ReturnType<typeof createProof>): Route {
  const { storage, clock, attachments, parts } = options
  const settled = (outcome: ResponseOutcome | 'wrong-type' | 'full'): ResponderAnswer =>
    settle(outcome, options)
  return {
    method: 'POST',
    path: '/api/v1/respond/photo',
    summary: {
      zh: '现场照片，分段上传，可续传',
      en: 'A piece of a photo; the answer says how much is here. The view comes with the last piece',
    },
    access: 'open',
    query: schemas.photoQuery,
    upload: { types: [pieceType], bytesMax: pieceBytesMax },
    answer: schemas.photoAnswer,
    problems: [...problems, 'too-large', 'wrong-type'],
    run: async (call) => {
      const { id, offset, bytes: total } = call.query as z.infer<typeof schemas.photoQuery>
      const proof = await proofOf(call)
      const piece = { offset, total, bytes: call.upload ?? new Uint8Array() }
      // Only the phone that keeps the link may fill the memory.
      if (offset === 0) settled(await storage.openResponse(proof, clock.wallMs()))
      const { storedTo, whole } = parts.add(`${proof.hash} ${proof.device}`, id, piece)
      if (!whole) return { json: { storedTo } satisfies PhotoAnswer }
      parts.drop(`${proof.hash} ${proof.device}`, id)
      const taken = await attachments.take({ bytes: whole, name: `scene-${id.slice(0, 6)}` }, (file) =>
        storage.attachResponse(proof, id, file, attachments.bytesMax, clock.wallMs()),
      )
      return { json: { storedTo, ...settled(taken) } satisfies PhotoAnswer }
    },
  }
}

function linkRoutes({ storage, clock, links }: ResponseRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}/links',
      summary: { zh: '案件的现场链接', en: 'The links of a case; never their tokens' },
      access: answeringRoles,
      answer: schemas.linksAnswer,
      problems: ['not-found'],
      run: async ({ caseId }) => ({
        json: { links: await storage.responseLinks(caseId) } satisfies LinksAnswer,
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/links',
      summary: {
        zh: '为已派遣人员再生成一个链接',
        en: 'Another link for a dispatch, as when the first was lost',
      },
      access: answeringRoles,
      body: schemas.linksBody,
      answer: schemas.newLinksAnswer,
      problems: ['bad-request', 'not-found', 'too-many-entries'],
      run: async ({ caseId, body, account }) => {
        const { index, to } = body as z.infer<typeof schemas.linksBody>
        const found = await storage.caseOf({ case: caseId })
        if (found?.case.dispatches[index] === undefined) throw new ApiProblem('not-found')
        const made = await links.make(caseId, index, [to], account?.user ?? '')
        if (!made) throw new ApiProblem('too-many-entries')
        return { json: { links: made } satisfies NewLinksAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/links/end',
      summary: { zh: '停用链接', en: 'End the links of a case, or one of them' },
      access: answeringRoles,
      body: schemas.endLinksBody,
      answer: schemas.endedAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ caseId, body, account }) => {
        const { link } = body as z.infer<typeof schemas.endLinksBody>
        const number = link === undefined ? undefined : Number(link.slice('link-'.length))
        const ended = await storage.endResponseLinks(caseId, number, account?.user ?? '', clock.wallMs())
        return { json: { ended } }
      },
    },
  ]
}

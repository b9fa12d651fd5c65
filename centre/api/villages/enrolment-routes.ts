// The routes of enrolment: people make codes and lock boxes out; a box asks for its certificate with a code, and for the next certificate
// with its present one. A box has no session: each request carries its own proof.
import { z } from 'zod'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import type {
  CertificatesAnswer,
  EnrolmentsAnswer,
  NewEnrolmentAnswer,
  RevokedAnswer,
} from '../../../protocols/desk/villages/enrolments.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import { boxIdPattern } from '../../../protocols/domain/names.ts'
import {
  authorityStatementSchema,
  enrolAnswerSchema,
  enrolRequestSchema,
  nameCharsMax,
  serialSchema,
  renewAnswerSchema,
  renewRequestSchema,
  type EnrolRequest,
  type RenewRequest,
} from '../../../protocols/enrolment/messages.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { GuessLimit } from '../../../platform/strangers/guess-limit.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { SignedCertificates } from '../../enrolment/signed-certificates.ts'
import type { EnrolmentQuery } from '../../storage/enrolment-port.ts'
import type { BoxEnrolment, EnrolmentRefusal } from '../../enrolment/box-enrolment.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'

const enrollingRoles: readonly Role[] = ['supervisor', 'maintainer', 'installer', 'admin']
const lockingRoles: readonly Role[] = ['supervisor', 'maintainer', 'admin']
const readingRoles = roles.filter((role) => role !== 'operator')
const pageMax = 200
/** Requests with a certificate, in JSON. */
const bodyBytesMax = 16_384

export interface EnrolmentRouteOptions {
  /** Absent: this centre is not the authority of its boxes. */
  enrolment: BoxEnrolment | undefined
  certificates: Pick<SignedCertificates, 'revoke'>
  storage: Pick<Storage, 'enrolments' | 'endEnrolment' | 'certificates' | 'hasCertificate'>
  /** A box with this id has sent something. */
  isHeard: (box: string) => boolean
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
}

const box = z.string().regex(boxIdPattern)
const newBody = z.strictObject({
  box,
  name: z.string().min(1).max(nameCharsMax).optional(),
  serial: serialSchema.optional(),
})
const enrolmentSummary = z.object({
  id: z.string(),
  box,
  name: z.string().optional(),
  serial: z.string().optional(),
  by: z.string(),
  madeAtMs: z.number(),
  expiresAtMs: z.number(),
  usedAtMs: z.number().optional(),
  endedAtMs: z.number().optional(),
})
const certificateSummary = z.object({
  serial: z.string(),
  box,
  issuedAtMs: z.number(),
  notAfterMs: z.number(),
  revokedAtMs: z.number().optional(),
  revokedBy: z.string().optional(),
})
const pageQuery = z.strictObject({
  box: box.optional(),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(pageMax).default(pageMax),
})
const next = z.string().optional()

/** The page of the query, and the cursor of the one after it. */
function pageOf(query: unknown, scope: Scope | undefined): EnrolmentQuery {
  const { box: of, after, limit } = query as z.infer<typeof pageQuery>
  return { box: of, scope, limit, ...(after === undefined ? {} : { before: Number.parseInt(after, 10) }) }
}
const withNext = (cursor: number | undefined): { next?: string } =>
  cursor === undefined ? {} : { next: `${cursor}` }

const inScope = (scope: Scope | undefined, id: string): boolean => !scope || isInScope(scope, id)

export function createEnrolmentRoutes(options: EnrolmentRouteOptions): Route[] {
  return [...codeRoutes(options), ...certificateRoutes(options), ...boxRoutes(options)]
}

function needed(enrolment: BoxEnrolment | undefined): BoxEnrolment {
  if (!enrolment) throw new ApiProblem('no-enrolment')
  return enrolment
}

function codeRoutes(options: EnrolmentRouteOptions): Route[] {
  const { enrolment, storage, isHeard, clock, securityLog } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/enrolments',
      scope: 'filtered',
      summary: {
        zh: '网关的一次性注册码',
        en: 'One-time codes for boxes, newest first; never the codes themselves',
      },
      access: readingRoles,
      query: pageQuery,
      answer: z.object({ enrolments: z.array(enrolmentSummary), next }),
      problems: ['bad-request'],
      run: async ({ account, query }) => {
        const page = await storage.enrolments(pageOf(query, account?.scope))
        return { json: { enrolments: page.rows, ...withNext(page.next) } satisfies EnrolmentsAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/enrolments',
      scope: 'filtered',
      summary: {
        zh: '为一台网关生成一次性注册码；用掉后，该网关原有证书作废',
        en: 'A one-time code for a box; an unused one of the same box ends. When it is used, what the box had before is revoked',
      },
      access: enrollingRoles,
      body: newBody,
      answer: z.object({ code: z.string(), url: z.string(), expiresAtMs: z.number() }),
      problems: ['bad-request', 'not-found', 'box-in-use', 'no-enrolment', 'too-many-codes'],
      run: async ({ account, body, address }) => {
        const asked = body as z.infer<typeof newBody>
        if (!inScope(account?.scope, asked.box)) throw new ApiProblem('not-found')
        // It takes the box over: as when one is locked out.
        const isInUse = isHeard(asked.box) || (await storage.hasCertificate(asked.box))
        if (isInUse && !lockingRoles.some((role) => role === account?.role))
          throw new ApiProblem('box-in-use')
        const who = account?.user ?? ''
        const { box: of, name, serial } = asked
        const made = await needed(enrolment).makeCode({ box: of, name, serial }, who)
        if (!made) throw new ApiProblem('too-many-codes')
        securityLog.note('box-code-made', who, address, asked.box)
        return { json: made satisfies NewEnrolmentAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/enrolments/{codeId}/end',
      scope: 'none',
      summary: { zh: '作废一个未使用的注册码', en: 'End a code that was not used' },
      access: lockingRoles,
      answer: z.object({}),
      problems: ['not-found'],
      run: async ({ path, account }) => {
        const number = /^code-(\d{1,15})$/.exec(path['codeId'] ?? '')?.[1]
        const isEnded =
          number !== undefined &&
          (await storage.endEnrolment(
            Number.parseInt(number, 10),
            account?.scope,
            Math.round(clock.wallMs()),
          ))
        if (!isEnded) throw new ApiProblem('not-found')
        return { json: {} }
      },
    },
  ]
}

function certificateRoutes({ certificates, storage, securityLog }: EnrolmentRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/certificates',
      scope: 'filtered',
      summary: {
        zh: '本中心签发的网关证书',
        en: 'Certificates that this centre has signed for boxes, newest first',
      },
      access: readingRoles,
      query: pageQuery,
      answer: z.object({ certificates: z.array(certificateSummary), next }),
      problems: ['bad-request'],
      run: async ({ account, query }) => {
        const page = await storage.certificates(pageOf(query, account?.scope))
        return { json: { certificates: page.rows, ...withNext(page.next) } satisfies CertificatesAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/boxes/{boxId}/revoke',
      summary: {
        zh: '作废本中心为该网关签发的全部证书，立即断开（例如被盗）',
        en: 'Revoke every certificate that this centre has signed for the box, and cut its session at once: it was stolen',
      },
      access: lockingRoles,
      answer: z.object({ serials: z.array(z.string()) }),
      problems: [],
      run: async ({ account, boxId, address }) => {
        const who = account?.user ?? ''
        const serials = await certificates.revoke(boxId, who)
        securityLog.note('box-certificate-revoked', who, address, `${boxId}: ${serials.length}`)
        return { json: { serials } satisfies RevokedAnswer }
      },
    },
  ]
}

function boxRoutes({ enrolment, clock, securityLog }: EnrolmentRouteOptions): Route[] {
  const guesses = new GuessLimit(clock)
  const refuse = (refusal: EnrolmentRefusal, id: string, address: string): ApiProblem => {
    if (refusal !== 'bad-request') guesses.note(id, address)
    securityLog.note('box-enrolment-refused', '', address, refusal)
    return new ApiProblem(refusal)
  }
  const allowed = (id: string, address: string): void => {
    if (!guesses.allows(id, address)) throw new ApiProblem('too-many-guesses')
  }
  return [
    {
      method: 'POST',
      path: '/enrol',
      summary: {
        zh: '网关凭一次性注册码申请证书；注册码本身不发送',
        en: 'A box asks for its certificate: it proves that it knows a code, without sending it. The same key may ask again',
      },
      access: 'open',
      bodyBytesMax,
      body: enrolRequestSchema,
      answer: enrolAnswerSchema,
      problems: ['bad-request', 'no-code', 'wrong-machine', 'no-enrolment', 'too-many-guesses'],
      run: async ({ body, address }: RouteCall) => {
        const asked = body as EnrolRequest
        allowed(asked.id, address)
        const granted = await needed(enrolment).enrol(asked)
        if (typeof granted === 'string') throw refuse(granted, asked.id, address)
        securityLog.note('box-enrolled', granted.box, address)
        return { json: granted.answer }
      },
    },
    {
      method: 'GET',
      path: '/enrol/authority',
      summary: {
        zh: '现在有效的签发机构，供网关跟随更换',
        en: 'The authorities that count now, signed by the one that signs: boxes follow a change by it',
      },
      access: 'open',
      answer: authorityStatementSchema,
      problems: ['no-enrolment'],
      run: async () => ({ json: needed(enrolment).authorities() }),
    },
    {
      method: 'POST',
      path: '/enrol/renew',
      summary: {
        zh: '网关用现有证书换取下一张',
        en: 'A box asks for its next certificate, signed with the key of the one that it has',
      },
      access: 'open',
      bodyBytesMax,
      body: renewRequestSchema,
      answer: renewAnswerSchema,
      problems: ['bad-request', 'certificate-over', 'no-enrolment', 'too-many-guesses'],
      run: async ({ body, address }: RouteCall) => {
        allowed('renew', address)
        const granted = await needed(enrolment).renew(body as RenewRequest)
        if (typeof granted === 'string') throw refuse(granted, 'renew', address)
        securityLog.note('box-certificate-renewed', granted.box, address)
        return { json: granted.answer }
      },
    },
  ]
}

// Claim, sign-in and people of the console, and its door to the village's network.
import { z } from 'zod'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'
import type { Result } from '../../../protocols/kit/result.ts'
import type { SessionAnswer } from '../../../protocols/console/installing.ts'
import { cookieName, type Caller } from '../access/callers.ts'
import {
  openMinutesMax,
  pageProofOf,
  sessionMsMax,
  type ConsoleAccess,
  type NewSession,
  type Refusal,
} from '../access/console-access.ts'
import { personRoles } from '../access/access-file.ts'
import {
  anyone,
  bodyBytesMax,
  done,
  installers,
  json,
  onTheBox,
  problems,
  signedIn,
  type Answer,
  type Call,
  type Route,
} from './route.ts'

const name = z.string().trim().min(1).max(80)
const password = z.string().min(1).max(200)
const claimShape = z.strictObject({ code: z.string().max(60), name, password })
const signInShape = z.strictObject({ name, password })
const openShape = z.strictObject({ minutes: z.number().min(0).max(openMinutesMax), by: name })
const personShape = z.strictObject({ name, role: z.enum(personRoles), password, by: name.optional() })
const removeShape = z.strictObject({ name, by: name.optional() })

export interface AccessRouteOptions {
  access: ConsoleAccess
  /** Of the box, before a person is signed in. */
  boxName: string
  note: (what: string, facts: Record<string, unknown>) => void
}

export function parseBody<T>(schema: z.ZodType<T>, { body }: Call, bytesMax = bodyBytesMax): Result<T> {
  const read = parseJson(body, bytesMax)
  return read.ok ? fromZod(schema, read.value) : read
}

const cookieOf = (token: string, seconds: number): string =>
  `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`

function begun(session: NewSession | Refusal): Answer {
  if (!('token' in session)) return problems(session.problems, session.status)
  const { token, name: who, role } = session
  const answer = { ok: true, me: { name: who, role }, page: pageProofOf(token) }
  return { status: 200, json: answer, cookie: cookieOf(token, sessionMsMax / 1000) }
}

function sessionAnswer(access: ConsoleAccess, boxName: string, caller: Caller): SessionAnswer {
  const openForMs = access.openForMs()
  const me = caller.name === undefined ? {} : { me: { name: caller.name, role: caller.role } }
  return {
    v: 1,
    box: boxName,
    isClaimed: access.isClaimed,
    isLocal: !caller.isFromVillage,
    ...me,
    ...(caller.token === undefined ? {} : { page: pageProofOf(caller.token) }),
    ...(caller.role === 'stranger' || openForMs === Infinity ? {} : { openForMs }),
    ...(access.problem === undefined ? {} : { problem: access.problem }),
  } as SessionAnswer
}

export function accessRoutes({ access, boxName, note }: AccessRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/session$/,
      example: '/api/v1/session',
      who: anyone,
      run: ({ caller }) => json(sessionAnswer(access, boxName, caller)),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/session\/(claim|sign-in)$/,
      example: '/api/v1/session/sign-in',
      who: anyone,
      run: async (call) => {
        const { address, isFromVillage } = call.caller
        const isClaim = call.parts[0] === 'claim'
        const asked = isClaim ? parseBody(claimShape, call) : parseBody(signInShape, call)
        if (!asked.ok) return problems(asked.problems)
        const attempt = { ...asked.value, address, isFromVillage }
        const session =
          'code' in attempt
            ? await access.claim((attempt as { code: string }).code, attempt)
            : await access.signIn(attempt)
        const isIn = 'token' in session
        // Attempts that are not even checked write nothing: a flood of them must not wear the flash.
        if (isIn || session.status !== 429)
          note(isIn ? 'console-signed-in' : 'console-refused', { name: attempt.name, address, isClaim })
        return begun(session)
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/session\/sign-out$/,
      example: '/api/v1/session/sign-out',
      who: signedIn,
      run: ({ caller: { token } }) => {
        if (token !== undefined) access.signOut(token)
        return { status: 200, json: { ok: true }, cookie: cookieOf('', 0) }
      },
    },
    ...peopleRoutes(access, note),
    ...networkAccessRoutes(access, note),
  ]
}

function peopleRoutes(access: ConsoleAccess, note: AccessRouteOptions['note']): Route[] {
  return [
    {
      method: 'GET',
      path: /^\/api\/v1\/people$/,
      example: '/api/v1/people',
      who: installers,
      run: () => json({ v: 1, people: access.people }),
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/people\/set$/,
      example: '/api/v1/people/set',
      who: installers,
      run: async (call) => {
        const asked = parseBody(personShape, call)
        if (!asked.ok) return problems(asked.problems)
        const { name: who, role, password: secret, by } = asked.value
        const set = await access.setPerson(who, role, secret)
        if (!set.ok) return problems(set.problems)
        note('console-person-set', { name: who, role, by })
        return done()
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/people\/remove$/,
      example: '/api/v1/people/remove',
      who: installers,
      run: (call) => {
        const asked = parseBody(removeShape, call)
        const removed = asked.ok ? access.removePerson(asked.value.name) : asked
        if (!removed.ok) return problems(removed.problems)
        if (asked.ok) note('console-person-removed', { ...asked.value })
        return done()
      },
    },
  ]
}

function networkAccessRoutes(access: ConsoleAccess, note: AccessRouteOptions['note']): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/api\/v1\/console\/open$/,
      example: '/api/v1/console/open',
      who: onTheBox,
      run: (call) => {
        const asked = parseBody(openShape, call)
        if (!asked.ok) return problems(asked.problems)
        access.open(asked.value.minutes)
        note('console-opened', { ...asked.value })
        return done({ openForMs: access.openForMs(), claimCode: access.claimCode })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/console\/close$/,
      example: '/api/v1/console/close',
      who: installers,
      run: ({ caller }) => {
        access.close()
        note('console-closed', { by: caller.name ?? caller.role })
        return done()
      },
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/console$/,
      example: '/api/v1/console',
      who: onTheBox,
      run: () => {
        const openForMs = access.openForMs()
        return json({
          v: 1,
          isClaimed: access.isClaimed,
          claimCode: access.claimCode,
          ...(openForMs === Infinity ? { isOpen: true } : { isOpen: openForMs > 0, openForMs }),
          people: access.people,
        })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/v1\/console\/reset$/,
      example: '/api/v1/console/reset',
      who: onTheBox,
      run: () => {
        access.reset()
        note('console-reset', {})
        return done({ claimCode: access.claimCode })
      },
    },
  ]
}

// The routes of the signed-in account: sign in and out, the own password, and the security log.
import { z } from 'zod'
import type { PasswordAnswer, SecurityAnswer } from '../../protocols/desk/accounts.ts'
import { securityEvents } from '../../protocols/desk/accounts.ts'
import { overseeingRoles, roles, type LoginAnswer, type MeAnswer } from '../../protocols/desk/api.ts'
import { findPasswordFault, passwordFaults } from '../accounts/bad-passwords.ts'
import { deviceCookieName } from '../accounts/device-cookie.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import type { SignIn, SignInOutcome } from '../accounts/sign-in.ts'
import type { Sessions } from '../accounts/sessions.ts'
import { colours, type Colour } from '../../protocols/domain/colour.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Account, Storage } from '../storage/port.ts'
import { ApiProblem, type ProblemCode } from './problems.ts'
import type { Route, RouteCall } from './route.ts'
import * as schemas from './schemas.ts'

export interface AccountRouteOptions {
  storage: Pick<Storage, 'securityEntries'>
  sessions: Sessions
  signIn: SignIn
  securityLog: SecurityLog
  clock: Clock
  /** The town's limit for accepting an alarm of this colour. */
  acceptLimitMs: (colour: Colour) => number | undefined
}

const passwordBody = z.strictObject({
  password: schemas.loginBody.shape.password,
  newPassword: z.string().min(1).max(1000),
})

const securityQuery = z.strictObject({
  what: z.enum(securityEvents).optional(),
  before: z.coerce.number().int().min(1).default(Number.MAX_SAFE_INTEGER),
  limit: z.coerce.number().int().min(1).max(schemas.pageMax).default(200),
})

const securityAnswer = z.object({
  entries: z.array(
    z.object({
      atMs: z.number().describe('ms since 1970'),
      what: z.enum(securityEvents),
      who: z.string(),
      address: z.string(),
      detail: z.string(),
    }),
  ),
  next: z.string().optional(),
})

const problemOf = {
  wrong: 'wrong-password',
  throttled: 'too-many-tries',
  busy: 'busy',
  'code-needed': 'code-needed',
  'wrong-code': 'wrong-code',
} as const satisfies Record<Exclude<SignInOutcome['type'], 'done'>, ProblemCode>

function meOf(
  { user, role, scope, mustEnrol }: Account & { mustEnrol?: boolean },
  expiresAtMs: number | undefined,
  { clock, acceptLimitMs }: Pick<AccountRouteOptions, 'clock' | 'acceptLimitMs'>,
): MeAnswer {
  const limits = colours.flatMap((colour) => {
    const limitMs = acceptLimitMs(colour)
    return limitMs === undefined ? [] : [[colour, limitMs] as const]
  })
  const centreTimeMs = Math.round(clock.wallMs())
  return {
    user,
    role,
    ...(scope ? { scope } : {}),
    ...(mustEnrol ? { mustEnrol } : {}),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    centreTimeMs,
    acceptLimitsMs: Object.fromEntries(limits),
  }
}

function attemptOf(call: RouteCall, user: string, password: string) {
  return {
    user,
    password,
    address: call.address,
    deviceCookie: call.cookie(deviceCookieName(user)),
    // A hash takes a tenth of a second of a processor: not for a client that has disconnected.
    isGone: call.isGone,
  }
}

export function createAccountRoutes(options: AccountRouteOptions): Route[] {
  return [...signInRoutes(options), ...sessionRoutes(options), passwordRoute(options), securityRoute(options)]
}

function signInRoutes({ sessions, signIn, securityLog }: AccountRouteOptions): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/login',
      summary: { zh: '登录', en: 'Log in; also sets an HttpOnly cookie' },
      access: 'open',
      body: schemas.loginBody,
      answer: schemas.loginAnswer,
      problems: ['bad-request', 'wrong-password', 'code-needed', 'wrong-code', 'too-many-tries', 'busy'],
      run: async (call) => {
        const { user, password, code } = call.body as z.infer<typeof schemas.loginBody>
        const outcome = await signIn.signIn({ ...attemptOf(call, user, password), code })
        if (outcome.type !== 'done') throw new ApiProblem(problemOf[outcome.type])
        call.setCookie(outcome.token)
        call.setDeviceCookie(deviceCookieName(user), outcome.deviceCookie)
        const { token, role, mustEnrol } = outcome
        const json: LoginAnswer = { token, user, role, ...(mustEnrol ? { mustEnrol } : {}) }
        return { json }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/logout',
      scope: 'none',
      isForEnrolling: true,
      summary: { zh: '退出登录', en: 'Revoke the token that is shown; its streams end at once' },
      access: roles,
      answer: schemas.emptyAnswer,
      problems: [],
      run: async ({ account, token, address, setCookie }) => {
        if (token !== undefined) await sessions.revoke(token)
        securityLog.note('sign-out', account?.user ?? '', address)
        setCookie(undefined)
        return { json: {} }
      },
    },
  ]
}

function sessionRoutes(options: AccountRouteOptions): Route[] {
  const { sessions } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/me',
      scope: 'none',
      isForEnrolling: true,
      summary: { zh: '当前用户', en: 'Who is asking' },
      access: roles,
      answer: schemas.meAnswer,
      problems: [],
      run: async ({ account }) => {
        if (!account) throw new ApiProblem('unauthenticated')
        return { json: meOf(account, account.expiresAtMs, options) }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/me/stay',
      scope: 'none',
      summary: { zh: '延长登录：从现在起再值一班', en: 'Stay signed in for another shift from now' },
      access: roles,
      answer: schemas.meAnswer,
      problems: [],
      run: async ({ account, token, setCookie, isCookie }) => {
        if (!account || token === undefined) throw new ApiProblem('unauthenticated')
        // Desks only: a program's token keeps its configured end.
        if (!isCookie) return { json: meOf(account, account.expiresAtMs, options) }
        const expiresAtMs = await sessions.stay(token)
        setCookie(token)
        return { json: meOf(account, expiresAtMs, options) }
      },
    },
  ]
}

function passwordRoute({ sessions, signIn, securityLog }: AccountRouteOptions): Route {
  return {
    method: 'POST',
    path: '/api/v1/me/password',
    scope: 'none',
    summary: {
      zh: '修改自己的密码',
      en: "Change one's own password; every other session of the user ends",
    },
    access: roles,
    body: passwordBody,
    answer: z.object({ token: z.string() }),
    problems: ['bad-request', 'bad-password', 'wrong-password', 'too-many-tries', 'busy', 'not-found'],
    run: async (call) => {
      const { password, newPassword } = call.body as z.infer<typeof passwordBody>
      const user = call.account?.user ?? ''
      // Tokens of programs have no password.
      if (user.includes(':')) throw new ApiProblem('not-found')
      const fault = findPasswordFault(user, newPassword)
      if (fault) throw new ApiProblem('bad-password', passwordFaults[fault])
      const checked = await signIn.check(attemptOf(call, user, password))
      if (checked.type !== 'right') throw new ApiProblem(problemOf[checked.type])
      const token = await sessions.changePassword(user, checked.role, newPassword)
      securityLog.note('password-changed', user, call.address)
      call.setCookie(token)
      return { json: { token } satisfies PasswordAnswer }
    },
  }
}

function securityRoute({ storage }: Pick<AccountRouteOptions, 'storage'>): Route {
  return {
    method: 'GET',
    path: '/api/v1/security',
    summary: {
      zh: '安全日志',
      en: 'Sign-ins, failures, throttling, accounts, tokens and looks, newest first',
    },
    access: overseeingRoles,
    query: securityQuery,
    answer: securityAnswer,
    problems: ['bad-request'],
    run: async ({ query }) => {
      const { what, before, limit } = query as z.infer<typeof securityQuery>
      const rows = await storage.securityEntries({ what, before, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const entries = page.map(({ atMs, what: did, who, address, detail }) => ({
        atMs,
        what: did,
        who,
        address,
        detail,
      }))
      const last = page.at(-1)
      const json: SecurityAnswer =
        rows.length > limit && last ? { entries, next: String(last.position) } : { entries }
      return { json }
    },
  }
}

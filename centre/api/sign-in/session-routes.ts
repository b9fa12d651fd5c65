// The routes of open sessions: one's own for everybody, all of them for administrators.
import { z } from 'zod'
import { roles } from '../../../protocols/desk/api.ts'
import type { SessionsAnswer } from '../../../protocols/desk/accounts.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { tokenHash } from '../../accounts/passwords.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Sessions } from '../../accounts/sessions.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { emptyAnswer } from '../schemas.ts'

export interface SessionRouteOptions {
  storage: Pick<Storage, 'sessions'>
  sessions: Pick<Sessions, 'end'>
  securityLog: Pick<SecurityLog, 'note'>
  clock: Clock
}

const sessionsMax = 500
const idPattern = /^[0-9a-f]{12}$/
const ms = z.number().describe('ms since 1970')
const answer = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      user: z.string(),
      role: z.enum(roles),
      address: z.string(),
      createdAtMs: ms,
      expiresAtMs: ms,
      isOwn: z.literal(true).optional(),
    }),
  ),
})
const userQuery = z.strictObject({ user: z.string().max(64).optional() })

export function createSessionRoutes({ storage, sessions, securityLog, clock }: SessionRouteOptions): Route[] {
  async function list(of: string | undefined, token: string | undefined): Promise<SessionsAnswer> {
    const own = tokenHash(token ?? '')
    const open = await storage.sessions(of, clock.wallMs(), sessionsMax)
    return { sessions: open.map((one) => (own.startsWith(one.id) ? { ...one, isOwn: true } : one)) }
  }
  async function end(
    { path, account, address }: RouteCall,
    of: string | undefined,
  ): Promise<{ json: object }> {
    const id = path['sessionId'] ?? ''
    const user = idPattern.test(id) ? await sessions.end(id, of) : undefined
    if (user === undefined) throw new ApiProblem('not-found')
    securityLog.note('session-ended', user, address, `by ${account?.user}`)
    return { json: {} }
  }
  return [
    {
      method: 'GET',
      path: '/api/v1/me/sessions',
      scope: 'none',
      summary: { zh: '自己的登录', en: "One's own open sessions, newest first" },
      access: roles,
      answer,
      problems: [],
      run: async ({ account, token }) => ({ json: await list(account?.user ?? '', token) }),
    },
    {
      method: 'POST',
      path: '/api/v1/me/sessions/{sessionId}/end',
      scope: 'none',
      summary: { zh: '结束自己的一个登录', en: "End one of one's own sessions; its streams end at once" },
      access: roles,
      answer: emptyAnswer,
      problems: ['not-found'],
      run: (call) => end(call, call.account?.user ?? ''),
    },
    {
      method: 'GET',
      path: '/api/v1/sessions',
      summary: { zh: '所有人的登录', en: 'Open sessions of everybody, or of one user' },
      access: ['admin'],
      query: userQuery,
      answer,
      problems: ['bad-request'],
      run: async ({ query, token }) => ({
        json: await list((query as z.infer<typeof userQuery>).user, token),
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/sessions/{sessionId}/end',
      summary: { zh: '结束任何人的登录', en: "End anybody's session" },
      access: ['admin'],
      answer: emptyAnswer,
      problems: ['not-found'],
      run: (call) => end(call, undefined),
    },
  ]
}

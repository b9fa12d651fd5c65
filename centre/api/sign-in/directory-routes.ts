// The routes of the sign-in by the town's directory: the browser goes there and comes back with a proof.
import { z } from 'zod'
import type { Logger } from 'pino'
import { PacedLog } from '../../../platform/paced-log.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { DirectoryFailure, type DirectorySignIn } from '../../accounts/directory-sign-in.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Sessions } from '../../accounts/sessions.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteAnswer } from '../route.ts'

export interface DirectoryRouteOptions {
  directory: DirectorySignIn | undefined
  storage: Pick<Storage, 'password'>
  sessions: Pick<Sessions, 'open'>
  securityLog: Pick<SecurityLog, 'note'>
  clock: Pick<Clock, 'monotonicMs'>
  logger: Logger
}

/** The browser shows its state again when it comes back: a link from another site can not start a session. */
export const flowCookie = 'gengfu_oidc'
/** From the callback to the desk, whatever path a proxy puts in front. */
const desk = '../../../'
const refused = (why: 'refused' | 'unknown' | 'unreachable'): RouteAnswer => ({
  redirect: `${desk}?sign-in=${why}`,
})

const callbackQuery = z.record(z.string().max(60), z.string().max(4000))

export function createDirectoryRoutes(options: DirectoryRouteOptions): Route[] {
  const { directory, logger, clock } = options
  // Any browser can cause these lines.
  const log = new PacedLog(clock)

  function failed(error: unknown, why: 'refused' | 'unreachable'): RouteAnswer {
    if (!(error instanceof DirectoryFailure)) throw error
    log.line((leftOut) => logger.warn({ err: error, leftOut }, 'a sign-in by the directory failed'))
    return refused(why)
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/sign-in',
      summary: { zh: '可用的登录方式', en: 'The ways to sign in' },
      access: 'open',
      answer: z.object({ directory: z.boolean() }),
      problems: [],
      run: async () => ({ json: { directory: directory !== undefined } }),
    },
    {
      method: 'GET',
      path: '/api/v1/oidc/start',
      summary: { zh: '转到单位账号登录', en: "On to the town's directory" },
      access: 'open',
      answer: 'redirect',
      problems: ['not-found'],
      run: async ({ setFlowCookie }) => {
        if (!directory) throw new ApiProblem('not-found')
        try {
          const { url, state } = await directory.begin()
          setFlowCookie(flowCookie, state)
          return { redirect: url }
        } catch (error) {
          return failed(error, 'unreachable')
        }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/oidc/callback',
      summary: { zh: '从单位账号返回', en: 'Back from the directory with a proof' },
      access: 'open',
      query: callbackQuery,
      answer: 'redirect',
      problems: ['bad-request', 'not-found'],
      run: async (call) => {
        if (!directory) throw new ApiProblem('not-found')
        try {
          const user = await directory.finish(
            call.query as Record<string, string>,
            call.cookie(flowCookie),
            call.address,
          )
          call.setFlowCookie(flowCookie, undefined)
          return await enter(options, user, call.address, call.setCookie)
        } catch (error) {
          return failed(error, 'refused')
        }
      },
    },
  ]
}

/** The role and the villages are those of the account here. */
async function enter(
  { storage, sessions, securityLog }: DirectoryRouteOptions,
  user: string,
  address: string,
  setCookie: (token: string) => void,
): Promise<RouteAnswer> {
  const account = await storage.password(user)
  if (!account) {
    securityLog.note('sign-in-failed', user, address, 'directory: no account')
    return refused('unknown')
  }
  setCookie(await sessions.open(account.user, account.role, { address }))
  securityLog.note('sign-in', account.user, address, `${account.role}, directory`)
  return { redirect: desk }
}

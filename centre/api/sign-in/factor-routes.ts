// The routes for a person's own second factor (begin, confirm, remove), and the route with which an administrator removes the second
// factor of a person who has lost the phone.
import { z } from 'zod'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import type {
  NewSecondFactorAnswer,
  RecoveryCodesAnswer,
  SecondFactorAnswer,
} from '../../../protocols/desk/accounts.ts'
import { deviceCookieName } from '../../accounts/device-cookie.ts'
import { tokenHash } from '../../accounts/passwords.ts'
import type { SecondFactor } from '../../accounts/second-factor.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Sessions } from '../../accounts/sessions.ts'
import type { SignIn, SignInTry } from '../../accounts/sign-in.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { emptyAnswer, loginBody } from '../schemas.ts'

export interface FactorRouteOptions {
  secondFactor: SecondFactor
  signIn: SignIn
  sessions: Pick<Sessions, 'endStreamsOf'>
  securityLog: Pick<SecurityLog, 'note'>
  needsSecondFactor: (role: Role) => boolean
}

const path = '/api/v1/me/second-factor'
const code = z.string().min(6).max(40)
const beginBody = z.strictObject({ password: loginBody.shape.password })
const confirmBody = z.strictObject({ code })
const removeBody = z.strictObject({ password: loginBody.shape.password, code })

/** The account of a person: programs have neither password nor phone. */
function personOf({ account }: RouteCall): { user: string; role: Role } {
  if (!account) throw new ApiProblem('unauthenticated')
  if (account.user.includes(':')) throw new ApiProblem('not-found')
  return account
}

export function createFactorRoutes(options: FactorRouteOptions): Route[] {
  return [...beginRoutes(options), ...endRoutes(options), resetRoute(options)]
}

/** Asks for the password again: with a session that was left open, another person must not change the sign-in. */
async function checkPassword(
  signIn: SignIn,
  call: RouteCall,
  user: string,
  password: string,
): Promise<{ salt: string }> {
  const checked = await signIn.check(attemptOf(call, user, password), true)
  if (checked.type === 'right') return checked
  throw new ApiProblem(problemOf[checked.type])
}

const problemOf = { wrong: 'wrong-password', busy: 'busy', throttled: 'too-many-tries' } as const

const attemptOf = ({ address, isGone, cookie }: RouteCall, user: string, password: string): SignInTry => ({
  user,
  password,
  address,
  isGone,
  deviceCookie: cookie(deviceCookieName(user)),
})

const common = { method: 'POST', scope: 'none', isForEnrolling: true, access: roles } as const

function beginRoutes({ secondFactor, signIn, needsSecondFactor }: FactorRouteOptions): Route[] {
  return [
    {
      ...common,
      method: 'GET',
      path,
      summary: { zh: '自己的动态码（第二因素）', en: "Whether one's own second factor is set up" },
      answer: z.object({ isConfirmed: z.boolean(), isRequired: z.boolean(), codesLeft: z.number() }),
      problems: ['not-found'],
      run: async (call) => {
        const { user, role } = personOf(call)
        const state = await secondFactor.stateOf(user)
        return { json: { ...state, isRequired: needsSecondFactor(role) } satisfies SecondFactorAnswer }
      },
    },
    {
      ...common,
      path,
      summary: {
        zh: '开始设置动态码',
        en: 'Begin: the secret for the authenticator app; valid after a code was confirmed',
      },
      body: beginBody,
      answer: z.object({ uri: z.string(), secret: z.string() }),
      problems: ['bad-request', 'wrong-password', 'too-many-tries', 'busy', 'factor-stands', 'not-found'],
      run: async (call) => {
        const { user } = personOf(call)
        const { password } = call.body as z.infer<typeof beginBody>
        await checkPassword(signIn, call, user, password)
        const begun = await secondFactor.begin(user)
        if (!begun) throw new ApiProblem('factor-stands')
        return { json: begun satisfies NewSecondFactorAnswer }
      },
    },
  ]
}

function endRoutes({ secondFactor, signIn, sessions, securityLog }: FactorRouteOptions): Route[] {
  return [
    {
      ...common,
      path: `${path}/confirm`,
      summary: {
        zh: '确认动态码，得到恢复码',
        en: 'Confirm with a code; only this answer contains the recovery codes',
      },
      body: confirmBody,
      answer: z.object({ recoveryCodes: z.array(z.string()) }),
      problems: ['bad-request', 'wrong-code', 'not-found'],
      run: async (call) => {
        const { user } = personOf(call)
        const recoveryCodes = await secondFactor.confirm(
          user,
          (call.body as z.infer<typeof confirmBody>).code,
          tokenHash(call.token ?? ''),
        )
        if (!recoveryCodes) throw new ApiProblem('wrong-code')
        securityLog.note('second-factor-added', user, call.address)
        sessions.endStreamsOf(user)
        return { json: { recoveryCodes } satisfies RecoveryCodesAnswer }
      },
    },
    {
      ...common,
      path: `${path}/remove`,
      summary: { zh: '移除动态码', en: 'Remove it, with the password and a code (or a recovery code)' },
      body: removeBody,
      answer: emptyAnswer,
      problems: ['bad-request', 'wrong-password', 'wrong-code', 'too-many-tries', 'busy', 'not-found'],
      run: async (call) => {
        const { user } = personOf(call)
        const { password, code: given } = call.body as z.infer<typeof removeBody>
        const { salt } = await checkPassword(signIn, call, user, password)
        const attempt = attemptOf(call, user, password)
        if (!(await signIn.checkCode(attempt, salt, given))) throw new ApiProblem('wrong-code')
        await secondFactor.remove(user)
        securityLog.note('second-factor-removed', user, call.address)
        return { json: {} }
      },
    },
  ]
}

function resetRoute({ secondFactor, sessions, securityLog }: FactorRouteOptions): Route {
  return {
    method: 'POST',
    path: '/api/v1/users/{name}/second-factor/reset',
    summary: {
      zh: '管理员移除某人的动态码（手机丢失）',
      en: 'An administrator removes it for a person who has lost the phone',
    },
    access: ['admin'],
    answer: emptyAnswer,
    problems: ['not-found'],
    run: async ({ path: parameters, account, address }) => {
      const name = parameters['name'] ?? ''
      if (!(await secondFactor.remove(name))) throw new ApiProblem('not-found')
      securityLog.note('second-factor-removed', name, address, `by ${account?.user}`)
      sessions.endStreamsOf(name)
      return { json: {} }
    },
  }
}

// The routes of users: listed, made, changed, given a new password, signed out everywhere. For administrators of the whole town who
// signed in themselves. An administrator does not change the own account here, so that a slip locks no administrator out.
import { z } from 'zod'
import { roles } from '../../../protocols/desk/api.ts'
import type { UsersAnswer } from '../../../protocols/desk/accounts.ts'
import { parseScope, scopeEntriesMax } from '../../../protocols/desk/scope.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { findPasswordFault, passwordFaults } from '../../accounts/bad-passwords.ts'
import { createSalt, hashPassword } from '../../accounts/passwords.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Sessions } from '../../accounts/sessions.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { emptyAnswer, loginBody } from '../schemas.ts'

/** Users of a centre; a further one is refused. */
export const usersMax = 2000
const namePattern = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u

export interface UserRouteOptions {
  storage: Pick<Storage, 'users' | 'addUser' | 'changeUser' | 'setUserPassword' | 'endSessionsOf'>
  sessions: Pick<Sessions, 'endStreamsOf'>
  securityLog: Pick<SecurityLog, 'note'>
  clock: Clock
  random: Random
}

const scope = z
  .array(z.string().refine((text) => parseScope(text)?.length === 1, 'the code of a division, or a village'))
  .min(1)
  .max(scopeEntriesMax)
const password = loginBody.shape.password
const newBody = z.strictObject({
  name: z.string().regex(namePattern, 'letters, digits, dot, dash, underscore'),
  role: z.enum(roles),
  scope: scope.optional().describe('towns and villages; absent: all'),
  password,
})
const changeBody = z.strictObject({
  role: z.enum(roles).optional(),
  scope: scope.nullable().optional().describe('null: all'),
  isDisabled: z.boolean().optional(),
})
const passwordBody = z.strictObject({ password })

const usersAnswer = z.object({
  users: z.array(
    z.object({
      user: z.string(),
      role: z.enum(roles),
      scope: z.array(z.string()).optional(),
      isDisabled: z.boolean(),
      hasSecondFactor: z.boolean(),
      createdAtMs: z.number().describe('ms since 1970'),
    }),
  ),
})

/** A stolen token must make and change no accounts. */
function signedIn({ account }: RouteCall): string {
  if (!account || account.user.startsWith('token:')) throw new ApiProblem('forbidden')
  return account.user
}

/** The user in the path, who is another one than the one that asks. */
function otherOf(call: RouteCall): { name: string; by: string } {
  const by = signedIn(call)
  const name = call.path['name'] ?? ''
  if (name === by) throw new ApiProblem('own-account')
  return { name, by }
}

async function hashed(
  { random }: Pick<UserRouteOptions, 'random'>,
  name: string,
  text: string,
): Promise<{ salt: string; hash: string }> {
  const fault = findPasswordFault(name, text)
  if (fault) throw new ApiProblem('bad-password', passwordFaults[fault])
  const salt = createSalt(random)
  return { salt, hash: await hashPassword(text, salt) }
}

const common = { method: 'POST', access: ['admin'] } as const

export function createUserRoutes(options: UserRouteOptions): Route[] {
  const { storage } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/users',
      summary: { zh: '用户', en: 'The users, without their passwords' },
      access: ['admin'],
      answer: usersAnswer,
      problems: [],
      run: async () => ({ json: { users: await storage.users() } satisfies UsersAnswer }),
    },
    newRoute(options),
    changeRoute(options),
    passwordRoute(options),
    endRoute(options),
  ]
}

function newRoute(options: UserRouteOptions): Route {
  const { storage, securityLog, clock } = options
  return {
    ...common,
    path: '/api/v1/users',
    summary: { zh: '新建用户，须本人登录', en: 'Make a user; needs a person who signed in' },
    body: newBody,
    answer: emptyAnswer,
    problems: ['bad-request', 'forbidden', 'bad-password', 'user-exists', 'too-many-entries'],
    run: async (call) => {
      const by = signedIn(call)
      const { name, role, scope: only, password: text } = call.body as z.infer<typeof newBody>
      if ((await storage.users()).length >= usersMax) throw new ApiProblem('too-many-entries')
      const secret = await hashed(options, name, text)
      if (!(await storage.addUser({ user: name, role, scope: only, ...secret }, clock.wallMs())))
        throw new ApiProblem('user-exists', name)
      securityLog.note('user-added', name, call.address, `${role} by ${by}`)
      return { json: {} }
    },
  }
}

function changeRoute({ storage, sessions, securityLog }: UserRouteOptions): Route {
  return {
    ...common,
    path: '/api/v1/users/{name}',
    summary: {
      zh: '修改角色、范围，停用或启用；其登录随即结束',
      en: 'Change role and scope, disable and enable; the sessions of the user end at once',
    },
    body: changeBody,
    answer: emptyAnswer,
    problems: ['bad-request', 'forbidden', 'own-account', 'last-admin', 'not-found'],
    run: async (call) => {
      const { name, by } = otherOf(call)
      const change = call.body as z.infer<typeof changeBody>
      const outcome = await storage.changeUser(name, change)
      if (outcome === 'unknown') throw new ApiProblem('not-found', name)
      if (outcome === 'last-admin') throw new ApiProblem('last-admin')
      sessions.endStreamsOf(name)
      const { role, scope: only, isDisabled } = change
      if (role !== undefined) securityLog.note('user-role-changed', name, call.address, `${role} by ${by}`)
      if (only !== undefined)
        securityLog.note('user-scoped', name, call.address, `${only?.join(', ') ?? 'all'} by ${by}`)
      if (isDisabled !== undefined)
        securityLog.note(isDisabled ? 'user-disabled' : 'user-enabled', name, call.address, `by ${by}`)
      return { json: {} }
    },
  }
}

function passwordRoute(options: UserRouteOptions): Route {
  const { storage, sessions, securityLog } = options
  return {
    ...common,
    path: '/api/v1/users/{name}/password',
    summary: {
      zh: '为忘记密码的人设新密码；其登录随即结束',
      en: 'Give a new password to a person who has lost it; the sessions of the user end at once',
    },
    body: passwordBody,
    answer: emptyAnswer,
    problems: ['bad-request', 'forbidden', 'own-account', 'bad-password', 'not-found'],
    run: async (call) => {
      const { name, by } = otherOf(call)
      const { password: text } = call.body as z.infer<typeof passwordBody>
      const { salt, hash } = await hashed(options, name, text)
      if (!(await storage.setUserPassword(name, salt, hash))) throw new ApiProblem('not-found', name)
      sessions.endStreamsOf(name)
      securityLog.note('password-changed', name, call.address, `by ${by}`)
      return { json: {} }
    },
  }
}

function endRoute({ storage, sessions, securityLog }: UserRouteOptions): Route {
  return {
    ...common,
    path: '/api/v1/users/{name}/sessions/end',
    summary: { zh: '结束某人的全部登录', en: 'End all sessions of a user; the streams end at once' },
    answer: z.object({ ended: z.number() }),
    problems: ['forbidden', 'not-found'],
    run: async (call) => {
      const by = signedIn(call)
      const name = call.path['name'] ?? ''
      const ended = await storage.endSessionsOf(name)
      if (ended === undefined) throw new ApiProblem('not-found', name)
      sessions.endStreamsOf(name)
      securityLog.note('session-ended', name, call.address, `all by ${by}`)
      return { json: { ended } }
    },
  }
}

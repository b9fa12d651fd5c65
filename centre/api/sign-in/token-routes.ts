// The routes of programs' tokens: made with a role, a scope and an end, listed, and revoked. For administrators of the
// whole town who signed in themselves: a token makes no further tokens.
import { z } from 'zod'
import type { NewTokenAnswer, TokensAnswer } from '../../../protocols/desk/accounts.ts'
import { roles } from '../../../protocols/desk/api.ts'
import { parseScope, scopeEntriesMax } from '../../../protocols/desk/scope.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { createTokenText, tokenHash } from '../../accounts/passwords.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { emptyAnswer } from '../schemas.ts'

const dayMs = 86_400_000
/** Digits of a token's hash that name it. */
const idDigits = 12
const idPattern = /^[0-9a-f]{12}$/
/** Valid tokens of programs; a further one is refused. */
export const tokensMax = 1000

export interface TokenRouteOptions {
  storage: Pick<Storage, 'putToken' | 'programTokens' | 'revokeProgramToken'>
  clock: Clock
  random: Random
  securityLog: Pick<SecurityLog, 'note'>
}

const tokenBody = z.strictObject({
  name: z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u, 'letters, digits, dot, dash, underscore'),
  role: z.enum(roles),
  /** Towns and villages; absent: all. */
  scope: z
    .array(
      z.string().refine((text) => parseScope(text)?.length === 1, 'the code of a division, or a village'),
    )
    .min(1)
    .max(scopeEntriesMax)
    .optional(),
  days: z.number().int().min(1).max(3660).default(365),
})

const ms = z.number().describe('ms since 1970')
const summary = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  scope: z.array(z.string()).optional(),
  createdAtMs: ms,
  expiresAtMs: ms,
})

/** A stolen token must not live on in others that it made. */
function signedIn({ account }: RouteCall): string {
  if (!account || account.user.startsWith('token:')) throw new ApiProblem('forbidden')
  return account.user
}

export function createTokenRoutes({ storage, clock, random, securityLog }: TokenRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/tokens',
      summary: { zh: '有效的程序令牌', en: 'Valid tokens of programs, without the tokens themselves' },
      access: ['admin'],
      answer: z.object({ tokens: z.array(summary) }),
      problems: [],
      run: async () => ({
        json: { tokens: await storage.programTokens(clock.wallMs()) } satisfies TokensAnswer,
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/tokens',
      summary: {
        zh: '生成程序令牌（只显示这一次），须本人登录',
        en: 'Make a token for a program, shown this once; needs a person who signed in',
      },
      access: ['admin'],
      body: tokenBody,
      answer: z.object({ token: z.string(), summary }),
      problems: ['bad-request', 'forbidden', 'too-many-entries'],
      run: async (call) => {
        const by = signedIn(call)
        const { name, role, scope, days } = call.body as z.infer<typeof tokenBody>
        const createdAtMs = Math.round(clock.wallMs())
        if ((await storage.programTokens(createdAtMs)).length >= tokensMax)
          throw new ApiProblem('too-many-entries')
        const token = createTokenText(random)
        const hash = tokenHash(token)
        const expiresAtMs = createdAtMs + days * dayMs
        const row = { role, scope, createdAtMs, expiresAtMs }
        await storage.putToken({ ...row, user: name, hash, isProgram: true })
        securityLog.note('token-made', name, call.address, `${role} by ${by}`)
        const id = hash.slice(0, idDigits)
        const json: NewTokenAnswer = {
          token,
          summary: { id, name, role, ...(scope ? { scope } : {}), createdAtMs, expiresAtMs },
        }
        return { json }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/tokens/{tokenId}/revoke',
      summary: { zh: '吊销程序令牌，随即失效', en: "Revoke a program's token; its streams end at once" },
      access: ['admin'],
      answer: emptyAnswer,
      problems: ['not-found', 'forbidden'],
      run: async (call) => {
        const by = signedIn(call)
        const id = call.path['tokenId'] ?? ''
        if (!idPattern.test(id) || (await storage.revokeProgramToken(id)) === 0)
          throw new ApiProblem('not-found')
        securityLog.note('token-revoked', id, call.address, `by ${by}`)
        return { json: {} }
      },
    },
  ]
}

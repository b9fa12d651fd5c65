// The routes of shifts: the person who leaves offers the hand-over, the person who comes signs it.
import { z } from 'zod'
import { answeringRoles } from '../../../protocols/desk/api.ts'
import { shiftStates, type ShiftAnswer, type ShiftsAnswer } from '../../../protocols/desk/shifts.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { ShiftOutcome } from '../../storage/case-port.ts'
import type { Storage, StoredChange } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

const words = z.string().max(2000)
const offerBody = z.strictObject({
  to: z.string().min(1).max(64).describe('the user of the next shift'),
  text: words.default('').describe('the note for the next shift'),
})
const endBody = z.strictObject({
  shift: z.number().int().min(1),
  isTaken: z.boolean().default(true).describe('false: refused by the next person, or withdrawn'),
  text: words.default(''),
})
const shiftsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) })

const ms = z.number().describe('ms since 1970')
const shift = z.object({
  shift: z.number(),
  leaving: z.string(),
  entering: z.string(),
  text: z.string(),
  offeredAtMs: ms,
  cases: z.array(z.string()),
  state: z.enum(shiftStates),
  endedAtMs: ms.optional(),
  endText: z.string().optional(),
})

export interface ShiftRouteOptions {
  storage: Pick<Storage, 'offerShift' | 'endShift' | 'shifts' | 'password'>
  clock: Clock
  push: (changes: readonly StoredChange[]) => void
}

export function createShiftRoutes({ storage, clock, push }: ShiftRouteOptions): Route[] {
  function settled(outcome: ShiftOutcome): ShiftAnswer {
    if (outcome.type === 'unknown') throw new ApiProblem('not-found')
    if (outcome.type === 'over') throw new ApiProblem('wrong-step', outcome.shift.state)
    push(outcome.changes)
    return { shift: outcome.shift }
  }
  return [
    createShiftsRoute(storage),
    {
      method: 'POST',
      path: '/api/v1/shifts',
      scope: 'none',
      summary: {
        zh: '交班（签字）',
        en: 'Offer the own shift to the next person; this is the first signature',
      },
      access: answeringRoles,
      body: offerBody,
      answer: z.object({ shift }),
      problems: ['bad-request', 'not-found', 'same-person'],
      run: async ({ account, body }) => {
        const { to, text } = body as z.infer<typeof offerBody>
        const user = account?.user ?? ''
        if (to === user) throw new ApiProblem('same-person', to)
        const entering = await storage.password(to)
        if (!entering || !answeringRoles.some((role) => role === entering.role))
          throw new ApiProblem('not-found', to)
        return { json: settled(await storage.offerShift(user, to, text, clock.wallMs())) }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/shifts/end',
      scope: 'none',
      summary: {
        zh: '接班（签字）：交班人手上的案件转到接班人；或拒绝、撤回',
        en: 'Sign for it: the cases of the leaving person become yours. Or refuse it, or withdraw it',
      },
      access: answeringRoles,
      body: endBody,
      answer: z.object({ shift }),
      problems: ['bad-request', 'not-found', 'wrong-step'],
      run: async ({ account, body }) => {
        const { shift: number, isTaken, text } = body as z.infer<typeof endBody>
        return {
          json: settled(await storage.endShift(number, account?.user ?? '', isTaken, text, clock.wallMs())),
        }
      },
    },
  ]
}

function createShiftsRoute(storage: ShiftRouteOptions['storage']): Route {
  return {
    method: 'GET',
    path: '/api/v1/shifts',
    scope: 'none',
    summary: {
      zh: '交接班记录；限定范围的账号只见自己的',
      en: 'Hand-overs of shifts, newest first; an account with a scope gets its own',
    },
    access: [...answeringRoles, 'auditor'],
    query: shiftsQuery,
    answer: z.object({ shifts: z.array(shift) }),
    problems: ['bad-request'],
    run: async ({ account, query }) => {
      const { limit } = query as z.infer<typeof shiftsQuery>
      const all = await storage.shifts(limit)
      const user = account?.user ?? ''
      const shifts = account?.scope
        ? all.filter(({ leaving, entering }) => leaving === user || entering === user)
        : all
      return { json: { shifts } satisfies ShiftsAnswer }
    },
  }
}

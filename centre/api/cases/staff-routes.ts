// Who is at the desks and holds which cases; and cases of a person who is away go back to the queue. For those who lead the whole town.
import { countCases } from '../../cases/case-summary.ts'
import { z } from 'zod'
import { answeringRoles, roles } from '../../../protocols/desk/api.ts'
import type { StaffAnswer, StaffPerson } from '../../../protocols/desk/leading/staff.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Storage, StoredChange } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'
import { leadingRoles } from './case-answers.ts'

const sessionsMax = 500
/** Open cases that are counted; a town has some dozen. */
const casesMax = 1000

export interface StaffRouteOptions {
  storage: Pick<Storage, 'sessions' | 'cases' | 'redistribute'>
  clock: Clock
  silentForMs: (user: string) => number
  push: (changes: readonly StoredChange[]) => void
}

const redistributeBody = z.strictObject({
  why: z.string().min(1).max(300).describe('for the history of each case'),
})
const ms = z.number()
const staffAnswer = z.object({
  staff: z.array(
    z.object({
      user: z.string(),
      role: z.enum(roles).optional(),
      sinceMs: ms.optional(),
      silentForMs: ms.optional(),
      held: z.number(),
    }),
  ),
})

async function staffOf({ storage, clock, silentForMs }: StaffRouteOptions): Promise<StaffPerson[]> {
  const nowMs = clock.wallMs()
  const staff = new Map<string, StaffPerson>()
  for (const { user, role, createdAtMs } of await storage.sessions(undefined, nowMs, sessionsMax)) {
    const known = staff.get(user)
    if (known) known.sinceMs = Math.min(known.sinceMs ?? createdAtMs, createdAtMs)
    else if (answeringRoles.some((one) => one === role))
      staff.set(user, {
        user,
        role,
        sinceMs: createdAtMs,
        silentForMs: Math.round(silentForMs(user)),
        held: 0,
      })
  }
  const open = await storage.cases({ state: 'open', limit: casesMax }, nowMs)
  for (const { holder } of open?.cases ?? []) {
    if (holder === undefined) continue
    const person = staff.get(holder) ?? { user: holder, held: 0 }
    staff.set(holder, { ...person, held: person.held + 1 })
  }
  return [...staff.values()].sort((a, b) => b.held - a.held || (a.user < b.user ? -1 : 1))
}

export function createStaffRoutes(options: StaffRouteOptions): Route[] {
  const { storage, clock, push } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/staff',
      summary: { zh: '谁在值守，手上有几件案件', en: 'Who is at the desks, and how many cases each holds' },
      access: leadingRoles,
      answer: staffAnswer,
      problems: [],
      run: async () => ({ json: { staff: await staffOf(options) } satisfies StaffAnswer }),
    },
    {
      method: 'POST',
      path: '/api/v1/staff/{name}/redistribute',
      summary: {
        zh: '将此人手上的案件转回队列，留痕',
        en: "Put this person's cases back into the queue; in the history of each",
      },
      access: leadingRoles,
      body: redistributeBody,
      answer: z.object({ moved: z.number() }),
      problems: ['bad-request', 'not-found'],
      run: async ({ path, account, body }) => {
        const { why } = body as z.infer<typeof redistributeBody>
        const text = `${account?.user ?? ''}: ${why}`
        const changes = await storage.redistribute(path['name'] ?? '', text, clock.wallMs())
        if (changes.length === 0) throw new ApiProblem('not-found')
        push(changes)
        return { json: { moved: countCases(changes) } }
      },
    },
  ]
}

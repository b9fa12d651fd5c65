// What a person writes about a case is shown to others who may answer it, while it is written: two people do not write the
// same report unknowingly. It is stored nowhere.
import { z } from 'zod'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { answeringRoles } from '../../../protocols/desk/api.ts'
import { typingTextMax, type TypingMessage } from '../../../protocols/desk/cases.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { villagesOfCase } from '../../cases/case-villages.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'
import { actorOf, type CaseRouteOptions } from './case-answers.ts'

/** A desk sends one each second; more of one person than this are answered, and not shown. */
const eachMsMin = 200
/** People whose last text is remembered; beyond it the oldest is forgotten. */
const peopleMax = 1000

export interface TypingRouteOptions {
  storage: Pick<CaseRouteOptions['storage'], 'caseOf'>
  clock: Pick<Clock, 'monotonicMs'>
  /** To open desks, of those who may see these places. */
  show: (message: TypingMessage, places: readonly string[]) => void
}

export function typingRoute({ storage, clock, show }: TypingRouteOptions): Route {
  const latest = new Map<string, number>()
  const body = z.strictObject({ text: z.string().max(typingTextMax) })
  return {
    method: 'POST',
    path: '/api/v1/cases/{caseId}/typing',
    summary: {
      zh: '正在输入的文字：只推送给其他值班员，不保存',
      en: 'Show others what is being written; it is stored nowhere',
    },
    access: answeringRoles,
    body,
    answer: z.object({ isShown: z.boolean() }),
    problems: ['bad-request', 'not-found'],
    run: async ({ caseId, body: given, account }) => {
      const { text } = given as z.infer<typeof body>
      const { who } = actorOf(account)
      const found = await storage.caseOf({ case: caseId })
      if (!found) throw new ApiProblem('not-found', caseId)
      const nowMs = clock.monotonicMs()
      // The end of a text is always shown.
      if (text !== '' && nowMs - (latest.get(who) ?? -Infinity) < eachMsMin)
        return { json: { isShown: false } }
      latest.delete(who)
      latest.set(who, nowMs)
      forgetOldest(latest, peopleMax)
      show({ type: 'case.typing', typing: { case: caseId, who, text } }, villagesOfCase(found.case))
      return { json: { isShown: true } }
    },
  }
}

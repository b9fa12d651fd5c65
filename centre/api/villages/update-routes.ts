// The routes of releases: what is under way in the town, and a person's hold on it. A release is offered at the machine of the centre.
import { z } from 'zod'
import { roles } from '../../../protocols/desk/api.ts'
import { commandRoles } from '../../../protocols/desk/commands.ts'
import {
  rolloutPlanSchema,
  rolloutProgressSchema,
  type RolloutPlan,
  type UpdatesAnswer,
} from '../../../protocols/desk/updates.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

export interface UpdateRouteOptions {
  updates: () => UpdatesAnswer
  /** Undefined when no release was offered. */
  hold: (isPaused: boolean) => RolloutPlan | undefined
}

const answer = z.object({ plan: rolloutPlanSchema.optional(), progress: rolloutProgressSchema.optional() })
const holdBody = z.strictObject({ isPaused: z.boolean() })

export function createUpdateRoutes({ updates, hold }: UpdateRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/updates',
      summary: {
        zh: '程序更新的进度：批次、各网关的结果、停止的原因',
        en: 'The release under way: its waves, what came of each box, why it stopped',
      },
      access: roles.filter((role) => ['maintainer', 'supervisor', 'admin', 'auditor'].includes(role)),
      answer,
      problems: [],
      run: async () => ({ json: updates() satisfies UpdatesAnswer }),
    },
    {
      method: 'POST',
      path: '/api/v1/updates/hold',
      summary: {
        zh: '暂停或继续程序更新；已在更新的网关不受影响',
        en: 'Pause or resume the release; boxes that were asked already go on',
      },
      access: commandRoles.update,
      body: holdBody,
      answer,
      problems: ['bad-request', 'not-found'],
      run: async ({ body }) => {
        const { isPaused } = body as z.infer<typeof holdBody>
        if (!hold(isPaused)) throw new ApiProblem('not-found')
        return { json: updates() satisfies UpdatesAnswer }
      },
    },
  ]
}

// The routes of outlets: list the messages of a case with their results, send the case to a receiver, confirm, test.
import { z } from 'zod'
import {
  deliveryStates,
  outletSteps,
  type CaseOutletsAnswer,
  type OutletSummary,
  type OutletTestAnswer,
} from '../../../protocols/desk/outlets.ts'
import { answeringRoles, roles, type Role } from '../../../protocols/desk/api.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

/** What the routes need of the outlets. */
export interface OutletCalls {
  list(): Promise<OutletSummary[]>
  ofCase(caseId: string, user: string): Promise<CaseOutletsAnswer | undefined>
  ask(
    caseId: string,
    outlet: string,
    by: string,
    text: string,
    household: 'none' | 'read' | 'connect',
  ): Promise<'queued' | 'no-outlet' | 'no-case' | 'drill' | 'no-call'>
  confirm(caseId: string, id: string, words: string, who: string): Promise<boolean>
  test(outlet: string, by: string, isDry: boolean): Promise<OutletTestAnswer | undefined>
}

/** Roles that may send a test to a receiver outside. */
const testingRoles: readonly Role[] = ['supervisor', 'maintainer', 'admin']

const ms = z.number().describe('ms since 1970')
const name = z.string().min(1).max(40)
const deliverySchema = z.object({
  number: z.number(),
  id: z.string(),
  outlet: z.string(),
  label: z.string(),
  step: z.enum(outletSteps),
  by: z.string().optional(),
  state: z.enum(deliveryStates),
  words: z.string(),
  attempts: z.number(),
  madeAtMs: ms,
  changedAtMs: ms,
  nextAtMs: ms.optional(),
})
const caseOutletsSchema = z.object({
  deliveries: z.array(deliverySchema),
  outlets: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      callsHousehold: z.literal(true).optional(),
      connectsHousehold: z.literal(true).optional(),
    }),
  ),
})
const summarySchema = z.object({
  name: z.string(),
  label: z.string(),
  type: z.string(),
  takesDrills: z.boolean(),
  waiting: z.number(),
  trouble: z.string().optional(),
  lastAtMs: ms.optional(),
  lastWords: z.string().optional(),
})
const askBody = z.strictObject({
  outlet: name,
  text: z.string().max(300).default(''),
  toHousehold: z
    .boolean()
    .default(false)
    .describe('a voice outlet calls the household of the case back and reads the text'),
  connect: z
    .boolean()
    .default(false)
    .describe('with toHousehold: the telephone of the user rings first and is connected with the household'),
})
const confirmBody = z.strictObject({
  delivery: z.string().min(1).max(80).describe('the id that the receiver saw'),
  text: z.string().max(300).default(''),
})
const testBody = z.strictObject({
  isDry: z.boolean().default(false).describe('show the bytes, send nothing'),
})
const testAnswer = z.object({
  bytes: z.string(),
  state: z.enum(deliveryStates).optional(),
  words: z.string().optional(),
})

export function createOutletRoutes(outlets: OutletCalls): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/outlets',
      summary: { zh: '对外出口及其状态', en: 'The outlets (receivers outside) and their state' },
      access: roles,
      answer: z.object({ outlets: z.array(summarySchema) }),
      problems: [],
      run: async () => ({ json: { outlets: await outlets.list() } }),
    },
    {
      method: 'POST',
      path: '/api/v1/outlets/{outletName}/test',
      summary: {
        zh: '测试出口：发送测试消息，或只显示将发送的字节',
        en: 'Test an outlet: send a test message, or only show its bytes (isDry)',
      },
      access: testingRoles,
      body: testBody,
      answer: testAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ path, account, body }) => {
        const { isDry } = body as z.infer<typeof testBody>
        const answer = await outlets.test(path['outletName'] ?? '', account?.user ?? '', isDry)
        if (!answer) throw new ApiProblem('not-found')
        return { json: answer }
      },
    },
    ...createCaseRoutes(outlets),
  ]
}

function createCaseRoutes(outlets: OutletCalls): Route[] {
  async function shown(caseId: string, user = ''): Promise<{ json: CaseOutletsAnswer }> {
    const json = await outlets.ofCase(caseId, user)
    if (!json) throw new ApiProblem('not-found', caseId)
    return { json }
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}/outlets',
      summary: {
        zh: '案件的对外发送：每个接收方的状态与原话',
        en: 'The messages about a case: the state at each receiver, with its own words; newest first',
      },
      access: roles,
      answer: caseOutletsSchema,
      problems: ['not-found'],
      run: ({ caseId, account }) => shown(caseId, account?.user),
    },
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/outlets',
      summary: { zh: '将案件发往一个接收方', en: 'Send the case to a receiver' },
      access: answeringRoles,
      body: askBody,
      answer: caseOutletsSchema,
      problems: ['bad-request', 'not-found', 'wrong-step'],
      run: async ({ caseId, account, body }) => {
        const { outlet, text, toHousehold, connect } = body as z.infer<typeof askBody>
        const household = !toHousehold ? 'none' : connect ? 'connect' : 'read'
        const outcome = await outlets.ask(caseId, outlet, account?.user ?? '', text, household)
        if (outcome === 'drill')
          throw new ApiProblem('wrong-step', {
            zh: '演练不外发；此出口未标记为可接收演练',
            en: 'a drill is sent only to outlets that are marked for drills',
          })
        if (outcome === 'no-call')
          throw new ApiProblem('wrong-step', {
            zh: '不能回拨：住户没有电话，报警是无声的，此出口不能打电话，或没有登记您的电话',
            en: 'no call back: the household has no telephone, the alarm is a silent one, the outlet makes no calls, or has no telephone of yours',
          })
        if (outcome !== 'queued') throw new ApiProblem('not-found', outlet)
        return shown(caseId, account?.user)
      },
    },
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/outlets/confirm',
      summary: {
        zh: '接收方已确认收到（电话核实，或由对方程序回报）',
        en: 'The receiver has the message: confirmed by telephone, or reported by its program',
      },
      access: answeringRoles,
      body: confirmBody,
      answer: caseOutletsSchema,
      problems: ['bad-request', 'not-found'],
      run: async ({ caseId, account, body }) => {
        const { delivery, text } = body as z.infer<typeof confirmBody>
        if (!(await outlets.confirm(caseId, delivery, text, account?.user ?? '')))
          throw new ApiProblem('not-found', delivery)
        return shown(caseId, account?.user)
      },
    },
  ]
}

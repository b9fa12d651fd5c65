// Starting a plan of a case, and the town's lists of actions, guidance and plans.
import type { z } from 'zod'
import { answeringRoles, roles } from '../../../protocols/desk/api.ts'
import type { CasePlan } from '../../../protocols/desk/cases.ts'
import type { NewResponseLink } from '../../../protocols/desk/responder.ts'
import type { ActionList, Plan } from '../../cases/action-lists.ts'
import type { PersonInput } from '../../cases/workflow/case-input.ts'
import type { Account } from '../../storage/port.ts'
import { askForCommand, commandBody, type CommandRouteOptions } from '../command-routes.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'
import { listBytesMax } from '../uploads.ts'
import { actorOf, answerOf, leadingRoles, refusals, settle, type CaseRouteOptions } from './case-answers.ts'
import * as schemas from './case-schemas.ts'

export const shownPlan = ({ id, label, steps }: Plan): CasePlan => ({
  id,
  label,
  steps: steps.map((step) => ({
    id: step.id,
    do: step.do,
    label: step.label,
    ...(step.do === 'call' ? { to: step.to } : step.do === 'dispatch' ? { to: step.to.join(', ') } : {}),
  })),
})

/**
 * Starts a plan: commands are sent, people are dispatched, calls wait for a person; each step's result is in the
 * history.
 */
export function planRoute(options: CaseRouteOptions): Route {
  const { storage, clock, commands } = options
  return {
    method: 'POST',
    path: '/api/v1/cases/{caseId}/plan',
    summary: { zh: '启动预案', en: 'Start a plan: every step of it, or one' },
    access: answeringRoles,
    body: schemas.planBody,
    answer: schemas.caseAnswer,
    problems: ['bad-request', ...refusals],
    run: async ({ caseId, body, account }) => {
      const wanted = body as z.infer<typeof schemas.planBody>
      const actor = actorOf(account)
      const found = await storage.caseOf({ case: caseId })
      const plan = found?.plans.find(({ id }) => id === wanted.plan)
      if (!found || !plan || !account) throw new ApiProblem('not-found', wanted.plan)
      const [alarm] = found.case.alarms
      let item = found.case
      const links: NewResponseLink[] = []
      for (const step of plan.steps) {
        if (wanted.step !== undefined && step.id !== wanted.step) continue
        let text = 'to be called'
        if (item.isDrill && step.do !== 'call') text = 'drill: not sent'
        else if (step.do === 'command') {
          if (item.box === undefined) text = 'failed: the case has no box'
          else text = await sendCommand(commands, item.box, { ...step.command, alarm: alarm?.id }, account)
        }
        const input: PersonInput =
          step.do === 'dispatch' && !item.isDrill
            ? { do: 'dispatch', to: step.to, text: plan.label.zh }
            : { do: 'plan-step', step: `${plan.id}/${step.id}`, text }
        item = settle(
          await storage.takeCaseStep({ case: caseId }, input, actor, clock.wallMs()),
          options,
        ).case
        // As for a dispatch by hand: the person who is sent gets the page.
        if (input.do === 'dispatch') {
          const made = await options.links.make(item.id, item.dispatches.length - 1, input.to, actor.who)
          links.push(...(made ?? []))
        }
      }
      return { json: { ...answerOf(item, options), ...(links.length > 0 ? { links } : {}) } }
    },
  }
}

/** The outcome of a step, as text for the history; a failed step does not stop the plan. */
async function sendCommand(
  options: CommandRouteOptions,
  box: string,
  body: unknown,
  account: Account,
): Promise<string> {
  const wanted = commandBody.safeParse(body)
  if (!wanted.success) return `failed: ${wanted.error.issues[0]?.message ?? 'not a command'}`
  try {
    return `sent as ${(await askForCommand(options, box, wanted.data, account)).id}`
  } catch (error) {
    if (error instanceof ApiProblem) return `failed: ${error.message}`
    throw error
  }
}

export function actionListRoutes({ storage, clock }: CaseRouteOptions): Route[] {
  const path = '/api/v1/action-lists'
  return [
    {
      method: 'GET',
      path,
      scope: 'none',
      summary: { zh: '处置要求、指引与预案', en: 'Required actions, guidance and plans by kind and place' },
      access: roles,
      answer: schemas.actionListsAnswer,
      problems: [],
      run: async () => ({ json: await storage.actionLists() }),
    },
    {
      method: 'POST',
      path,
      summary: { zh: '写入新版本', en: 'Write a new version of them; cases that are open keep theirs' },
      access: leadingRoles,
      body: schemas.actionListsBody,
      bodyBytesMax: listBytesMax,
      answer: schemas.versionAnswer,
      problems: ['bad-request'],
      run: async ({ account, body }) => {
        const { lists } = body as z.infer<typeof schemas.actionListsBody>
        const version = await storage.putActionLists(
          lists as ActionList[],
          actorOf(account).who,
          clock.wallMs(),
        )
        return { json: { version } }
      },
    },
  ]
}

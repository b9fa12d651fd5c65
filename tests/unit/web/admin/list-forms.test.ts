// An entry of the town's lists comes through its form unchanged, and what is wrong with it is said before the centre refuses it.
import { expect, test } from 'vitest'
import type { ActionList } from '../../../../protocols/desk/leading/action-lists.ts'
import {
  formOf,
  listProblems,
  newAction,
  newList,
  newPlan,
  readForm,
  type ListForm,
} from '../../../../web/desk/admin/list-forms.ts'

const whole: ActionList = {
  kind: 'sos',
  scope: 'village',
  place: '320612104201',
  guidance: { zh: '先打电话', en: 'Call first' },
  actions: [{ id: 'call-back', type: 'call', label: { zh: '回拨', en: 'Call back' }, isRequired: true }],
  without: ['send-doctor'],
  plans: [
    {
      id: 'evacuate',
      label: { zh: '转移', en: 'Evacuate' },
      steps: [
        { id: 'one', do: 'call', to: '村长', label: { zh: '告知村长', en: 'Tell the head' } },
        { id: 'two', do: 'dispatch', to: ['李医生', '王'], label: { zh: '派人', en: 'Send' } },
        {
          id: 'three',
          do: 'command',
          command: { do: 'siren', seconds: 60 },
          label: { zh: '警号', en: 'Siren' },
        },
      ],
    },
  ],
}

test('an entry comes back as it was', () => {
  expect(readForm(formOf(whole))).toEqual({ value: whole })
  const small: ActionList = { kind: '*', scope: 'kind', place: '', guidance: { zh: '一', en: 'one' } }
  expect(readForm(formOf(small))).toEqual({ value: small })
})

const problemOf = (change: (form: ListForm) => void): unknown => {
  const form = formOf(whole)
  change(form)
  const read = readForm(form)
  return 'problem' in read ? read.problem : undefined
}

test('says what is wrong', () => {
  expect(readForm(newList())).toEqual({ problem: listProblems.empty })
  expect(problemOf((form) => (form.place = ' '))).toBe(listProblems.place)
  expect(problemOf((form) => (form.scope = 'household'))).toBe(listProblems.place)
  expect(problemOf((form) => (form.en = ''))).toBe(listProblems.both)
  expect(problemOf((form) => form.actions.push(newAction(0)))).toBe(listProblems.both)
  expect(problemOf((form) => form.plans.push({ ...newPlan(0), id: 'call-back', zh: 'x', en: 'x' }))).toBe(
    listProblems.id,
  )
  const step = (to: string) => (form: ListForm) => {
    const third = form.plans[0]?.steps[2]
    if (third) third.to = to
  }
  expect(problemOf(step('{"do":'))).toBe(listProblems.command)
  expect(problemOf(step('[]'))).toBe(listProblems.command)
  expect(
    problemOf((form) => {
      const second = form.plans[0]?.steps[1]
      if (second) second.to = ' , '
    }),
  ).toBe(listProblems.to)
  expect(
    problemOf((form) => {
      const [plan] = form.plans
      if (plan) plan.steps = []
    }),
  ).toBe(listProblems.steps)
})

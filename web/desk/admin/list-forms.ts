// One entry of the town's lists as a form, and back: what a person may type is checked here, before the centre refuses it. Pure.
import type {
  ActionList,
  ListedAction,
  Plan,
  PlanStep,
} from '../../../protocols/desk/leading/action-lists.ts'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export interface StepForm {
  id: string
  do: PlanStep['do']
  /** Who is called; who is sent, with commas; or the command as JSON. */
  to: string
  zh: string
  en: string
}
export interface PlanForm {
  id: string
  zh: string
  en: string
  steps: StepForm[]
}
export interface ActionForm {
  id: string
  type: ListedAction['type']
  zh: string
  en: string
  isRequired: boolean
}
export interface ListForm {
  kind: ActionList['kind']
  scope: ActionList['scope']
  place: string
  zh: string
  en: string
  actions: ActionForm[]
  /** Ids with commas. */
  without: string
  plans: PlanForm[]
}

export const listProblems = {
  place: {
    zh: '请写明地点：镇代码、村编号，或“网关编号/防区编号”。',
    en: 'Name the place: the code of the town, the id of the village, or BOX/ZONE.',
  },
  both: { zh: '每句话都要有中文和英文。', en: 'Every sentence is needed in Chinese and in English.' },
  id: { zh: '每一项都要有自己的编号，不能重复。', en: 'Every entry needs an id of its own.' },
  to: { zh: '请写明打给谁、派谁。', en: 'Say who is called or sent.' },
  command: {
    zh: '命令须是 JSON 对象，如 {"do":"siren","seconds":60}。',
    en: 'The command is a JSON object such as {"do":"siren","seconds":60}.',
  },
  steps: { zh: '预案至少要有一个步骤。', en: 'A plan needs a step.' },
  empty: { zh: '没有指引、要求或预案。', en: 'There is no guidance, action or plan in it.' },
} as const satisfies Record<string, BilingualText>

export const newAction = (count: number): ActionForm => ({
  id: `action-${count + 1}`,
  type: 'basic',
  zh: '',
  en: '',
  isRequired: true,
})
export const newStep = (count: number): StepForm => ({
  id: `step-${count + 1}`,
  do: 'call',
  to: '',
  zh: '',
  en: '',
})
export const newPlan = (count: number): PlanForm => ({
  id: `plan-${count + 1}`,
  zh: '',
  en: '',
  steps: [newStep(0)],
})
export const newList = (): ListForm => ({
  kind: '*',
  scope: 'kind',
  place: '',
  zh: '',
  en: '',
  actions: [],
  without: '',
  plans: [],
})

const toText = (step: PlanStep): string =>
  step.do === 'call' ? step.to : step.do === 'dispatch' ? step.to.join(', ') : JSON.stringify(step.command)

export const formOf = (list: ActionList): ListForm => ({
  kind: list.kind,
  scope: list.scope,
  place: list.place,
  zh: list.guidance?.zh ?? '',
  en: list.guidance?.en ?? '',
  actions: (list.actions ?? []).map(({ id, type, label, isRequired }) => ({
    id,
    type,
    ...label,
    isRequired,
  })),
  without: (list.without ?? []).join(', '),
  plans: (list.plans ?? []).map(({ id, label, steps }) => ({
    id,
    ...label,
    steps: steps.map((step) => ({ id: step.id, do: step.do, to: toText(step), ...step.label })),
  })),
})

type Read<T> = { value: T } | { problem: BilingualText }

const split = (text: string): string[] =>
  text
    .split(/[,，、]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')

function bilingual({ zh, en }: BilingualText): BilingualText | undefined {
  const both = { zh: zh.trim(), en: en.trim() }
  return both.zh !== '' && both.en !== '' ? both : undefined
}

function isUnique(ids: readonly string[]): boolean {
  return ids.every((id) => id.trim() !== '') && new Set(ids.map((id) => id.trim())).size === ids.length
}

function commandOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function readStep(form: StepForm): Read<PlanStep> {
  const label = bilingual(form)
  if (!label) return { problem: listProblems.both }
  const id = form.id.trim()
  if (form.do === 'command') {
    const command = commandOf(form.to)
    return command ? { value: { id, do: 'command', command, label } } : { problem: listProblems.command }
  }
  const to = split(form.to)
  if (to.length === 0) return { problem: listProblems.to }
  return form.do === 'dispatch'
    ? { value: { id, do: 'dispatch', to, label } }
    : { value: { id, do: 'call', to: form.to.trim(), label } }
}

function readPlan(form: PlanForm): Read<Plan> {
  const label = bilingual(form)
  if (!label) return { problem: listProblems.both }
  if (form.steps.length === 0) return { problem: listProblems.steps }
  if (!isUnique(form.steps.map(({ id }) => id))) return { problem: listProblems.id }
  const steps: PlanStep[] = []
  for (const step of form.steps) {
    const read = readStep(step)
    if ('problem' in read) return read
    steps.push(read.value)
  }
  return { value: { id: form.id.trim(), label, steps } }
}

/** The entry for the centre, or the first thing that is wrong with it. */
export function readForm(form: ListForm): Read<ActionList> {
  const place = form.scope === 'kind' ? '' : form.place.trim()
  if (form.scope !== 'kind' && place === '') return { problem: listProblems.place }
  if (form.scope === 'household' && !/^[^/]+\/[^/]+$/.test(place)) return { problem: listProblems.place }
  const isGuided = form.zh.trim() !== '' || form.en.trim() !== ''
  const guidance = bilingual(form)
  if (isGuided && !guidance) return { problem: listProblems.both }
  if (!isUnique([...form.actions, ...form.plans].map(({ id }) => id))) return { problem: listProblems.id }
  const actions: ListedAction[] = []
  for (const { id, type, isRequired, ...words } of form.actions) {
    const label = bilingual(words)
    if (!label) return { problem: listProblems.both }
    actions.push({ id: id.trim(), type, label, isRequired })
  }
  const plans: Plan[] = []
  for (const plan of form.plans) {
    const read = readPlan(plan)
    if ('problem' in read) return read
    plans.push(read.value)
  }
  const without = split(form.without)
  if (!guidance && actions.length + plans.length + without.length === 0)
    return { problem: listProblems.empty }
  return {
    value: {
      kind: form.kind,
      scope: form.scope,
      place,
      ...(guidance ? { guidance } : {}),
      ...(actions.length > 0 ? { actions } : {}),
      ...(without.length > 0 ? { without } : {}),
      ...(plans.length > 0 ? { plans } : {}),
    },
  }
}

/** `320612104, upper-brook`: the villages that an account sees; none: everything. */
export const scopeOf = (text: string): string[] => text.split(/[,，\s]+/).filter((one) => one !== '')

// The town's lists for a case: guidance, actions and plans, inherited from kind to town to village to household. Pure.
import type { AlarmKind, BilingualText } from '../../protocols/domain/alarm.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { ActionList, ListedAction, Plan, PlanStep } from '../../protocols/desk/leading/action-lists.ts'
import type { Case, CaseAction } from '../../protocols/domain/case.ts'
import { townOf } from '../../protocols/domain/names.ts'

export type { ActionList, ListedAction, Plan, PlanStep }

export interface CasePlace {
  kind: AlarmKind
  village: string
  box?: string
  zone?: string
}

export interface ResolvedActions {
  guidance: BilingualText
  actions: CaseAction[]
  plans: Plan[]
}

const scopes = ['kind', 'town', 'village', 'household'] as const

function holds(list: ActionList, place: CasePlace): boolean {
  if (list.kind !== '*' && list.kind !== place.kind) return false
  if (list.scope === 'kind') return true
  if (list.scope === 'town') return list.place === townOf(place.village)
  if (list.scope === 'village') return list.place === place.village
  return place.zone !== undefined && list.place === `${place.box}/${place.zone}`
}

/** The list for this place: inner scopes replace entries with the same id, and remove those in `without`. */
export function resolveActions(lists: readonly ActionList[], place: CasePlace): ResolvedActions {
  let guidance = alarmTable[place.kind].guidance
  const actions = new Map<string, CaseAction>()
  const plans = new Map<string, Plan>()
  for (const scope of scopes) {
    const here = lists.filter((list) => list.scope === scope && holds(list, place))
    // Entries for one kind come before those for all kinds.
    for (const list of [...here].sort((a, b) => Number(a.kind !== '*') - Number(b.kind !== '*'))) {
      guidance = list.guidance ?? guidance
      for (const id of list.without ?? []) actions.delete(id)
      for (const action of list.actions ?? []) actions.set(action.id, { ...action })
      for (const plan of list.plans ?? []) plans.set(plan.id, plan)
    }
  }
  return { guidance, actions: [...actions.values()], plans: [...plans.values()] }
}

/** The plans that hold for a case: those of its first alarm's place. */
export function plansOf({ alarms: [first], village, box }: Case, lists: readonly ActionList[]): Plan[] {
  if (!first) return []
  const place = {
    kind: first.kind,
    village,
    ...(box === undefined ? {} : { box }),
    ...(first.zone === undefined ? {} : { zone: first.zone }),
  }
  return resolveActions(lists, place).plans
}

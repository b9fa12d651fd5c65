// The town's lists for cases as desks and programs read and write them: guidance, actions and plans by kind and place.
import type { AlarmKind, BilingualText } from '../../domain/alarm.ts'
import type { ActionType } from '../../domain/case.ts'

export interface ListedAction {
  id: string
  type: ActionType
  label: BilingualText
  isRequired: boolean
}

export type PlanStep =
  /** A telephone call by a person; the step is done when it is logged. */
  | { id: string; do: 'call'; to: string; label: BilingualText }
  /** A command for the box of the case: siren, lamp, sign, loudspeaker, pictures. */
  | { id: string; do: 'command'; command: Record<string, unknown>; label: BilingualText }
  | { id: string; do: 'dispatch'; to: string[]; label: BilingualText }

export interface Plan {
  id: string
  label: BilingualText
  steps: PlanStep[]
}

/** One entry of the town's lists. The narrower scope wins: `household` is a zone of a box. */
export interface ActionList {
  kind: AlarmKind | '*'
  scope: 'kind' | 'town' | 'village' | 'household'
  /** Town code, village id, or `boxId/zone`; empty for scope `kind`. */
  place: string
  guidance?: BilingualText
  actions?: ListedAction[]
  /** Ids of inherited actions that do not apply here. */
  without?: string[]
  plans?: Plan[]
}

/** `GET /api/v1/action-lists`; `POST` with `{lists}` writes a new version of all of them. */
export interface ActionListsAnswer {
  version: number
  lists: ActionList[]
}

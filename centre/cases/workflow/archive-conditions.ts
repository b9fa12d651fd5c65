// The conditions of the archive: a second person, the required actions, and alarms whose condition still holds. Pure.
import type { Case, CaseAction, CaseAlarm } from '../../../protocols/domain/case.ts'
import type { CasePolicy } from '../case-policy.ts'

const caseNumber = ({ id }: Case): number => Number(/\d+$/.exec(id)?.[0] ?? 0)

export const mustVerify = (item: Case, policy: CasePolicy): boolean =>
  policy.mustVerify(item.colour, caseNumber(item))

export const openActions = ({ actions }: Case): CaseAction[] =>
  actions.filter(({ isRequired, done }) => isRequired && !done)

export const activeAlarms = ({ alarms }: Case): CaseAlarm[] =>
  alarms.filter(({ isActive, endsByReading }) => isActive && endsByReading)

// Which stored changes a stream sends to an account: anything that the routes refuse or leave out is not sent either.
import { answeringRoles, overseeingRoles } from '../../protocols/desk/api.ts'
import { isInScope } from '../../protocols/desk/scope.ts'
import type { Account, StoredChange } from '../storage/port.ts'
import { factsOf } from './change-facts.ts'

const picturePrefix = '{"type":"picture.'
const shiftPrefix = '{"type":"shift.'
/** A hand-over is for the two persons, and for those who oversee others in the whole town. */
function maySeeShift({ user, role, scope }: Account, change: StoredChange): boolean {
  const { shift } = JSON.parse(change.json) as { shift: { leaving: string; entering: string } }
  const isOverseeing = scope === undefined && overseeingRoles.some((one) => one === role)
  return isOverseeing || user === shift.leaving || user === shift.entering
}

/** A text that `who` writes about a case of these places: for others who could write there too. */
export function maySeeTyping(
  { user, role, scope }: Account,
  who: string,
  places: readonly string[],
): boolean {
  const isAnswering = answeringRoles.some((one) => one === role)
  return isAnswering && user !== who && places.some((place) => isInScope(scope, place))
}

export function maySee(account: Account, change: StoredChange): boolean {
  const { role, scope } = account
  if (change.json.startsWith(shiftPrefix)) return maySeeShift(account, change)
  if (change.json.startsWith(picturePrefix) && !answeringRoles.some((one) => one === role)) return false
  return scope === undefined || factsOf(change).places.some((place) => isInScope(scope, place))
}

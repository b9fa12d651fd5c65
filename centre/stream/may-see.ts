// Which stored changes a stream sends to an account: anything that the routes refuse or leave out is not sent either.
import { answeringRoles, overseeingRoles } from '../../protocols/desk/api.ts'
import { isInScope } from '../../protocols/desk/scope.ts'
import type { Account, StoredChange } from '../storage/port.ts'

const picturePrefix = '{"type":"picture.'
const shiftPrefix = '{"type":"shift.'
/** Places of the latest changes: every open stream asks for each. */
const placesOf = new WeakMap<StoredChange, string>()

/** The village or box of a change; '' when it names none, which is in no scope. */
function placeOf(change: StoredChange): string {
  const known = placesOf.get(change)
  if (known !== undefined) return known
  const place = readPlace(JSON.parse(change.json) as Message)
  placesOf.set(change, place)
  return place
}

interface Message {
  alarm?: { box: string }
  picture?: { box: string }
  command?: { box: string }
  case?: { village: string }
  box?: string | { id: string }
}

function readPlace({ alarm, picture, command, case: item, box }: Message): string {
  const named = alarm?.box ?? picture?.box ?? command?.box ?? item?.village ?? box
  return typeof named === 'object' ? named.id : (named ?? '')
}

/** A hand-over is for the two persons, and for those who oversee others in the whole town. */
function maySeeShift({ user, role, scope }: Account, change: StoredChange): boolean {
  const { shift } = JSON.parse(change.json) as { shift: { leaving: string; entering: string } }
  const isOverseeing = scope === undefined && overseeingRoles.some((one) => one === role)
  return isOverseeing || user === shift.leaving || user === shift.entering
}

export function maySee(account: Account, change: StoredChange): boolean {
  const { role, scope } = account
  if (change.json.startsWith(shiftPrefix)) return maySeeShift(account, change)
  if (change.json.startsWith(picturePrefix) && !answeringRoles.some((one) => one === role)) return false
  return scope === undefined || isInScope(scope, placeOf(change))
}

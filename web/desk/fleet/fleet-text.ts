// How days and kinds of faults are written on the fleet page. Pure.
import type { FleetFault } from '../../../protocols/desk/fleet/fleet.ts'
import { faultText, type FaultCode } from '../../../protocols/health/faults.ts'
import { fill, say } from '../../shared/language.ts'
import { fleetWords as words } from './fleet-words.ts'

/** When it fails, in words. */
export function whenText(
  { failsAtMs, grade }: Pick<FleetFault, 'failsAtMs' | 'grade'>,
  nowMs: number,
): string {
  if (failsAtMs === undefined) return say(grade === 'act' ? words.now : words.noDay)
  const day = new Date(failsAtMs).toISOString().slice(0, 10)
  return fill(failsAtMs <= nowMs ? words.over : words.by, { day })
}

/** The kind in words, with dots where its facts stand. */
export function kindText(code: FaultCode): string {
  return say(faultText({ code, facts: {} }).problem).replace(/\{\w+\}/g, '…')
}

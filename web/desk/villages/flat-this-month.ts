// Which batteries to bring this month: pure.
import type { FleetFault } from '../../../protocols/desk/fleet/fleet.ts'

/** Low ones, and those that will be flat by the end of this month by this machine's calendar; the first to fail first. */
export function flatThisMonth(faults: readonly FleetFault[], nowMs: number): FleetFault[] {
  const now = new Date(nowMs)
  const endMs = new Date(now.getFullYear(), now.getMonth() + 1, 1).getTime()
  const whenOf = ({ failsAtMs = 0 }: FleetFault): number => failsAtMs
  return faults
    .filter(
      ({ code, failsAtMs }) =>
        code === 'battery-low' || (code === 'battery-ends' && failsAtMs !== undefined && failsAtMs < endMs),
    )
    .sort((a, b) => whenOf(a) - whenOf(b) || (a.boxName < b.boxName ? -1 : 1))
}

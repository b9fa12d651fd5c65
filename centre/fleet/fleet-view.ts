// The fleet as a person sees it: from what each box reported to the faults of all, the next to fail first, and to groups. Pure.
import type { BoxPresence } from '../../protocols/desk/api.ts'
import {
  fleetFaultsMax,
  type FleetAnswer,
  type FleetFault,
  type FleetGroup,
  type FleetGrouping,
} from '../../protocols/desk/fleet/fleet.ts'
import { townOf, villageOf } from '../../protocols/domain/names.ts'
import { faultText, inOrderOfFailure, type Fault, type FaultCode } from '../../protocols/health/faults.ts'
import { faultsOfVitals } from '../../protocols/health/vitals-faults.ts'
import type { BoxVitals } from '../../protocols/uplink/box-vitals.ts'

export interface FleetBox {
  id: string
  name: string
  presence: BoxPresence
  lastHeardAtMs?: number | undefined
  isClockSynced?: boolean | undefined
  clockOffsetMs?: number | undefined
  vitals?: BoxVitals | undefined
}

/** Everything that is wrong with one box, and what will be. */
export function faultsOf(box: FleetBox, nowMs: number): Fault[] {
  const { presence, lastHeardAtMs, vitals, isClockSynced, clockOffsetMs } = box
  const away: Fault[] =
    presence === 'silent' && lastHeardAtMs !== undefined
      ? [{ code: 'box-silent', grade: 'act', facts: { since: timeOf(lastHeardAtMs) } }]
      : lastHeardAtMs === undefined
        ? [{ code: 'box-never-heard', grade: 'watch', facts: {} }]
        : []
  if (!vitals) return away
  // What a silent box said of its link and its buffer is over; its batteries and its certificate go on.
  const { link: _link, waiting: _waiting, ...lasting } = vitals
  const basis = {
    nowMs,
    ...(isClockSynced === undefined ? {} : { isClockSynced }),
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
  }
  return [...away, ...faultsOfVitals(presence === 'silent' ? lasting : vitals, basis)]
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

export const workKey = (box: string, code: string, about = ''): string => `${box}\n${code}\n${about}`

export function shownFault(
  { id, name }: Pick<FleetBox, 'id' | 'name'>,
  fault: Fault,
  openWork: ReadonlyMap<string, string>,
): FleetFault {
  const { code, grade, about, failsAtMs } = fault
  const work = openWork.get(workKey(id, code, about))
  return {
    box: id,
    boxName: name,
    code,
    grade,
    ...(about === undefined ? {} : { about }),
    ...(failsAtMs === undefined ? {} : { failsAtMs }),
    ...faultText(fault),
    ...(work === undefined ? {} : { work }),
  }
}

export interface FleetQuery {
  grouping: FleetGrouping
  code?: FaultCode | undefined
  /** Only the boxes of this group. */
  group?: string | undefined
}

export interface FleetBasis {
  boxes: readonly FleetBox[]
  nowMs: number
  /** Ids of open work orders by `workKey`. */
  openWork: ReadonlyMap<string, string>
  /** Names of towns by their codes. */
  names: ReadonlyMap<string, string>
}

/** What a box has in common with others. */
export function groupOf({ id, vitals }: FleetBox, grouping: FleetGrouping): string {
  switch (grouping) {
    case 'town':
      return townOf(villageOf(id)) ?? villageOf(id)
    case 'model':
      return vitals?.model ?? ''
    case 'version':
      return vitals?.version ?? ''
    case 'sim':
      return vitals?.sim?.card ?? vitals?.sim?.operator ?? ''
  }
}

export function fleetView({ boxes, nowMs, openWork, names }: FleetBasis, query: FleetQuery): FleetAnswer {
  const all = boxes.map((box) => ({ box, faults: faultsOf(box, nowMs) }))
  const groups = new Map<string, FleetGroup>()
  for (const { box, faults } of all) {
    const key = groupOf(box, query.grouping)
    const name = query.grouping === 'town' ? names.get(key) : undefined
    const group = groups.get(key) ?? {
      key,
      ...(name === undefined ? {} : { name }),
      boxes: 0,
      silent: 0,
      faulty: 0,
      failing: 0,
    }
    groups.set(key, group)
    group.boxes++
    if (box.presence === 'silent') group.silent++
    if (faults.length > 0) group.faulty++
    if (faults.some(({ grade }) => grade === 'act')) group.failing++
  }
  const chosen = all.filter(
    ({ box }) => query.group === undefined || groupOf(box, query.grouping) === query.group,
  )
  const counts: FleetAnswer['counts'] = {}
  for (const { faults } of chosen) for (const { code } of faults) counts[code] = (counts[code] ?? 0) + 1
  const found = inOrderOfFailure(
    chosen.flatMap(({ box, faults }) =>
      faults
        .filter(({ code }) => query.code === undefined || code === query.code)
        .map((one) => ({ ...one, box })),
    ),
  )
  return {
    boxes: chosen.length,
    present: chosen.filter(({ box }) => box.presence === 'present').length,
    counts,
    faults: found.slice(0, fleetFaultsMax).map((one) => shownFault(one.box, one, openWork)),
    groups: [...groups.values()].sort(
      (one, other) =>
        other.failing - one.failing || other.faulty - one.faulty || (one.key < other.key ? -1 : 1),
    ),
    ...(found.length > fleetFaultsMax ? { isCut: true as const } : {}),
  }
}

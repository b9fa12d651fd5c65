// The places on the plan while they are moved: what differs from the box, and steps of the keyboard. Pure.
import type { PlanAnswer, PlanPlace } from '../../../protocols/console/installing.ts'

export type PlanKind = 'devices' | 'zones'
export interface PlanThing {
  /** Of devices and zones together. */
  key: string
  list: PlanKind
  id: string
  name: string
  /** Of a device; empty for a zone. */
  kind: string
  plan: PlanPlace | undefined
}
/** By key; null: off the plan. */
export type Moved = ReadonlyMap<string, PlanPlace | null>

export const thingsOf = ({ devices, zones }: PlanAnswer): PlanThing[] => [
  ...devices.map(({ id, name, kind, plan }) => ({
    key: `devices ${id}`,
    list: 'devices' as const,
    id,
    name: name ?? id,
    kind,
    plan,
  })),
  ...zones.map(({ id, name, plan }) => ({
    key: `zones ${id}`,
    list: 'zones' as const,
    id,
    name: name ?? id,
    kind: '',
    plan,
  })),
]

export const placeOf = ({ key, plan }: PlanThing, moved: Moved): PlanPlace | undefined => {
  const now = moved.get(key)
  return now === undefined ? plan : (now ?? undefined)
}

const within = (share: number): number => Math.min(1, Math.max(0, Math.round(share * 1000) / 1000))
export const placeAt = (x: number, y: number): PlanPlace => ({ x: within(x), y: within(y) })

/** With a change; one that leads back to the box's own place is none. */
export function withMove(moved: Moved, thing: PlanThing, to: PlanPlace | null): Moved {
  const next = new Map(moved)
  const isSame = to === null ? !thing.plan : thing.plan?.x === to.x && thing.plan.y === to.y
  if (isSame) next.delete(thing.key)
  else next.set(thing.key, to)
  return next
}

/** The body of `POST /api/v1/plan/places`. */
export function bodyOf(
  things: readonly PlanThing[],
  moved: Moved,
): Record<PlanKind, Record<string, PlanPlace | null>> {
  const body: Record<PlanKind, Record<string, PlanPlace | null>> = { devices: {}, zones: {} }
  for (const { key, list, id } of things) {
    const to = moved.get(key)
    if (to !== undefined) body[list][id] = to
  }
  return body
}

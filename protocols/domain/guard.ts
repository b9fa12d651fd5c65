// The armed, bypassed, tested and shelved items of a village, since or until when, and by whom. A box sends ages,
// because its clock may be wrong; the centre converts them to times.
import { z } from 'zod'
import { sinceBootMsMax, textLengths } from './limits.ts'

/** `id`: of the zone, the device, the alarm; `box` is the whole box. */
export interface GuardEntry {
  id: string
  name?: string | undefined
  by: string
}
export interface GuardZone extends GuardEntry {
  isArmed: boolean
  /** Duration so far; absent for the configured state. */
  forMs?: number | undefined
}
export interface GuardHold extends GuardEntry {
  leftMs: number
}

/** Suppresses the alarms of a place for a time. */
export const guardHolds = ['bypassed', 'maintenance', 'shelved'] as const
export type GuardHoldKind = (typeof guardHolds)[number]

export interface Guard extends Record<GuardHoldKind, GuardHold[]> {
  zones: GuardZone[]
  /** Entries that had no room. */
  more?: number | undefined
}

/** Of one list, and of all of them as JSON: a heartbeat is 16 KB at most. Items beyond it are counted in `more`. */
export const guardListMax = 40
export const guardBytesMax = 8 * 1024

const age = z.number().min(0).max(sinceBootMsMax)
const entry = {
  id: z.string().min(1).max(80),
  name: z.string().max(textLengths.name).optional(),
  by: z.string().max(80),
}
const holds = z.array(z.looseObject({ ...entry, leftMs: age })).max(guardListMax)
export const guardSchema = z.looseObject({
  zones: z.array(z.looseObject({ ...entry, isArmed: z.boolean(), forMs: age.optional() })).max(guardListMax),
  bypassed: holds,
  maintenance: holds,
  shelved: holds,
  more: z.number().int().min(0).max(100_000).optional(),
})

/** The same by the centre's clock, ms since 1970. */
export interface GuardTimes {
  zones: (GuardEntry & { isArmed: boolean; sinceMs?: number })[]
  bypassed: GuardUntil[]
  maintenance: GuardUntil[]
  shelved: GuardUntil[]
  more?: number
}
export type GuardUntil = GuardEntry & { untilMs: number }

/** `clean` removes control characters from the box's texts. */
export function guardTimes(
  guard: Guard,
  nowMs: number,
  clean: (text: string) => string = String,
): GuardTimes {
  const named = ({ id, name, by }: GuardEntry): GuardEntry => ({
    id: clean(id),
    ...(name === undefined ? {} : { name: clean(name) }),
    by: clean(by),
  })
  const until = (list: readonly GuardHold[]): GuardUntil[] =>
    list.map((one) => ({ ...named(one), untilMs: nowMs + one.leftMs }))
  return {
    zones: guard.zones.map((zone) => ({
      ...named(zone),
      isArmed: zone.isArmed,
      ...(zone.forMs === undefined ? {} : { sinceMs: nowMs - zone.forMs }),
    })),
    bypassed: until(guard.bypassed),
    maintenance: until(guard.maintenance),
    shelved: until(guard.shelved),
    ...(guard.more === undefined ? {} : { more: guard.more }),
  }
}

/** True for two guards that differ only by the seconds that a message travels. */
export function isSameGuard(one: GuardTimes | undefined, other: GuardTimes | undefined): boolean {
  const flat = (guard: GuardTimes | undefined): string =>
    JSON.stringify(guard, (key, value: unknown) =>
      key === 'untilMs' || key === 'sinceMs' ? undefined : value,
    ) ?? ''
  if (one === undefined || other === undefined || flat(one) !== flat(other)) return one === other
  const times = (guard: GuardTimes): number[] => [
    ...guard.zones.map(({ sinceMs = 0 }) => sinceMs),
    ...guardHolds.flatMap((kind) => guard[kind].map(({ untilMs }) => untilMs)),
  ]
  const others = times(other)
  return times(one).every((ms, index) => Math.abs(ms - (others[index] ?? 0)) < 60_000)
}

// The condition that a detector found: one kind on one device, with its colour. Colour is decided in this file only.
import type { AlarmKind, BilingualText } from '../../protocols/domain/alarm.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { gradeColour, type DeviceFacts, type ResolvedSettings } from './resolved-settings.ts'

export interface Condition {
  kind: AlarmKind
  variant?: string | undefined
  /** Set if the detector measured it, as for water. */
  colour?: Colour
  /** True when the condition has just begun; false when the device repeats it. */
  isEdge: boolean
  /** The colour of a level condition rises and falls, and its repeats are not counted as occurrences. */
  isLevel?: boolean
  /** Only for a level: it has changed enough to update the text although nothing else has changed. */
  isNews?: boolean
  remark?: BilingualText
  readings?: Readings
}

/**
 * The colour: measured, or the variant's, or the kind's; village and zone can override it; then the zone's grade
 * moves it.
 */
export function colourOf(condition: Condition, device: DeviceFacts, settings: ResolvedSettings): Colour {
  const { kind, variant } = condition
  const row = alarmTable[kind]
  if (condition.colour) return condition.colour
  const own = variant === undefined ? undefined : row.variants?.[variant]?.colour
  const table = own ?? row.colour
  if (table === 'red') return table
  const chosen = device.zone?.colours?.[kind] ?? settings.limits.colours[kind] ?? table
  return row.isGraded && device.zone ? gradeColour(kind, chosen, device.zone.grade) : chosen
}

// What a detector says about one kind on one device, and the colour it gets here. Colour is decided in this file alone.
import type { AlarmKind, BilingualText } from '../../protocols/domain/alarm.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { gradeColour, type DeviceFacts, type ResolvedSettings } from './resolved-settings.ts'

export interface Condition {
  kind: AlarmKind
  variant?: string | undefined
  /** Where the detector has measured it, as for water. */
  colour?: Colour
  /** It has just begun; false when the device repeats what it said before. */
  isEdge: boolean
  /** A level goes up and down in colour and does not count occurrences. */
  isLevel?: boolean
  /** Of a level: it has moved so far that people are told although nothing else has changed. */
  isNews?: boolean
  remark?: BilingualText
  readings?: Readings
}

/** Measured or the variant's or the kind's colour, as village and zone overrule it, moved by the zone's grade. */
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

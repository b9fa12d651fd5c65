// The kind that a device looks like by what it can say and do: a proposal for the person who adopts it, never a decision.
import type { DeviceKind } from './alarm-settings.ts'

/** The first that fits: what protects people before what watches things. */
const byReading: readonly (readonly [reading: string, kind: DeviceKind])[] = [
  ['smoke', 'smoke'],
  ['gas', 'gas'],
  ['carbonMonoxide', 'gas'],
  ['waterLevelMm', 'water'],
  ['leak', 'leak'],
  ['contact', 'contact'],
  ['motion', 'motion'],
  ['button', 'button'],
]
const byCommand: Readonly<Record<string, DeviceKind>> = {
  siren: 'siren',
  sign: 'sign',
  lamp: 'lamp',
  light: 'lamp',
}

export function kindOfReadings(
  readings: readonly string[],
  commands: readonly string[],
): DeviceKind | undefined {
  const read = byReading.find(([reading]) => readings.includes(reading))
  if (read) return read[1]
  const command = commands.find((name) => Object.hasOwn(byCommand, name))
  return command === undefined ? undefined : byCommand[command]
}

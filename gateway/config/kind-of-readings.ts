// The probable kind of a device by its readings and commands: a proposal for the person who adopts it, never a decision.
import { lookup } from '../../protocols/kit/parse-json.ts'
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
const byCommand: Readonly<Record<string, DeviceKind>> = lookup({
  siren: 'siren',
  sign: 'sign',
  lamp: 'lamp',
  light: 'lamp',
})

export function kindOfReadings(
  readings: readonly string[],
  commands: readonly string[],
): DeviceKind | undefined {
  const read = byReading.find(([reading]) => readings.includes(reading))
  if (read) return read[1]
  const command = commands.find((name) => Object.hasOwn(byCommand, name))
  return command === undefined ? undefined : byCommand[command]
}

// Detects that a reading which protects people is missing from a device's messages: after an update of its bridge a
// sensor may keep sending without the values that matter. That is a fault of the device, not silence.
import type { DeviceResult, Learned } from '../port.ts'
import type { LearnedDocuments } from './knowledge.ts'

// Case switches and vibration are in some messages only; a sensor sends these each time.
const protective = ['contact', 'motion', 'smoke', 'gas', 'carbonMonoxide', 'leak', 'waterLevelMm']

interface Fields {
  names: string[]
  /** Its messages contain only changes, which was seen when a missing reading came back: then the check is off. */
  isPartial?: boolean
  missing?: string[]
}

/** Faults to add to the result (an empty list: the fault is over), and the document for the next one. */
export function vanishedFields(
  result: DeviceResult,
  known: LearnedDocuments,
): { faults: string[] | undefined; learned: Learned[] } {
  const key = `fields:${result.device}`
  const before = (known.get(key) ?? { names: [] }) as Fields
  const present = protective.filter((name) => name in result.readings)
  const names = [...new Set([...before.names, ...present])]
  if (!result.isWholeState || before.isPartial)
    return {
      faults: undefined,
      learned: names.length > before.names.length ? [[key, { ...before, names }]] : [],
    }
  const missing = before.names.filter((name) => !present.includes(name))
  const cameBack = before.missing?.some((name) => present.includes(name)) === true
  const fields: Fields = {
    names,
    ...(cameBack ? { isPartial: true } : missing.length > 0 ? { missing } : {}),
  }
  const isSame = JSON.stringify(fields) === JSON.stringify(before)
  return {
    faults: cameBack ? [] : missing.length > 0 ? missing.map((name) => `field-vanished:${name}`) : undefined,
    learned: isSame ? [] : [[key, fields]],
  }
}

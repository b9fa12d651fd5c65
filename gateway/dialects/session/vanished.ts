// Notices when a reading that protects people is no longer in a device's messages: after an update of its bridge a sensor
// may go on talking and say nothing that matters. That is a fault of the device, not silence.
import type { DeviceResult, Learned } from '../port.ts'
import type { LearnedDocuments } from './knowledge.ts'

// Case switches and vibration come in some messages only; these a sensor says each time.
const protective = ['contact', 'motion', 'smoke', 'gas', 'carbonMonoxide', 'leak', 'waterLevelMm']

interface Fields {
  names: string[]
  /** Its messages hold what has changed only, seen when a missing reading came back: then nothing can be said. */
  isPartial?: boolean
  missing?: string[]
}

/** Faults to add to the result, and what is remembered for the next one. */
export function vanishedFields(
  result: DeviceResult,
  known: LearnedDocuments,
): { faults: string[]; learned: Learned[] } {
  const key = `fields:${result.device}`
  const before = (known.get(key) ?? { names: [] }) as Fields
  const present = protective.filter((name) => name in result.readings)
  const names = [...new Set([...before.names, ...present])]
  if (!result.isWholeState || before.isPartial)
    return { faults: [], learned: names.length > before.names.length ? [[key, { ...before, names }]] : [] }
  const missing = before.names.filter((name) => !present.includes(name))
  const cameBack = before.missing?.some((name) => present.includes(name)) === true
  const fields: Fields = {
    names,
    ...(cameBack ? { isPartial: true } : missing.length > 0 ? { missing } : {}),
  }
  const isSame = JSON.stringify(fields) === JSON.stringify(before)
  return {
    faults: cameBack ? [] : missing.map((name) => `field-vanished:${name}`),
    learned: isSame ? [] : [[key, fields]],
  }
}

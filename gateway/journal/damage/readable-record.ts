// A row damaged by the flash may still be text. It must not go into a Report: the centre would refuse the whole
// Report, and all later records would be blocked.
import { clockQualities } from '../../../protocols/domain/event.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { expandBody } from '../short-event.ts'

/** Parses a body in short or long form; undefined when it is not a valid record. */
export function readRecord(body: string): Record<string, unknown> | undefined {
  let value: unknown
  try {
    value = JSON.parse(expandBody(body))
  } catch {
    return undefined
  }
  return isObject(value) && isRecord(value) ? value : undefined
}

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

function isRecord(value: Record<string, unknown>): boolean {
  if (!['sequence', 'boot', 'sinceBootMs', 'atMs'].every((name) => isNumber(value[name]))) return false
  if (!(clockQualities as readonly unknown[]).includes(value['clock'])) return false
  switch (value['type']) {
    case 'event':
      return isText(value['device']) && isText(value['messageId']) && isObject(value['readings'])
    case 'alarm':
      return isText(value['change']) && isObject(value['alarm']) && isText(value['alarm']['id'])
    case 'log':
      return isText(value['what'])
    default:
      return false
  }
}

/** A record of an unsynced boot with its time repaired, once the start time of that boot is known. */
export function repairTime(record: Record<string, unknown>, bootWallMs: number): string {
  const atMs = Math.round(bootWallMs + (record['sinceBootMs'] as number))
  return JSON.stringify({ ...record, atMs, clock: 'repaired' })
}

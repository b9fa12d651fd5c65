// A folder that went back to an earlier state (a worn card, a restored image): the order to begin a new epoch at the next opening,
// kept in a file over the restart.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'

const orderFile = 'journal.renew'
/** When the last new epoch was begun: beside the database, which the new epoch replaces. */
const renewedFile = 'journal.renewed'
/** One new epoch in this time: a centre that errs or lies does not wear the card. */
export const renewalPauseMs = 3_600_000
const orderBytesMax = 4096

/** False when it is too soon after the last one. A clock that was set since counts as long ago. */
export function askRenewal(folder: string, epoch: string, reason: string, wallMs: number): boolean {
  const lastMs = readJson(join(folder, renewedFile))?.['wallMs']
  if (typeof lastMs === 'number' && Math.abs(wallMs - lastMs) < renewalPauseMs) return false
  writeFileSync(join(folder, orderFile), JSON.stringify({ epoch, reason }), { flush: true })
  writeFileSync(join(folder, renewedFile), JSON.stringify({ wallMs }), { flush: true })
  return true
}

/** The reason, when the journal of this epoch is to get a new one; the order is for one epoch and is taken once. */
export function takeRenewal(folder: string, epoch: string): string | undefined {
  const file = join(folder, orderFile)
  const order = readJson(file)
  if (!order) return undefined
  if (order['epoch'] === epoch && typeof order['reason'] === 'string') return order['reason']
  // The power failed after the new journal had taken its place.
  rmSync(file, { force: true })
  return undefined
}

function readJson(file: string): Record<string, unknown> | undefined {
  if (!existsSync(file)) return undefined
  const json = parseJson(readFileSync(file), orderBytesMax)
  return json.ok && isObject(json.value) ? json.value : {}
}

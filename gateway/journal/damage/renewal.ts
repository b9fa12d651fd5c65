// A data folder that was restored to an earlier state (a worn card, a restored image): the order to begin a new epoch at
// the next opening is kept in a file across the restart.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'

const orderFile = 'journal.renew'
/** The time of the last new epoch, in a file beside the database, because a new epoch replaces the database. */
const renewedFile = 'journal.renewed'
/** Shortest time between two new epochs: a faulty or hostile centre must not wear out the card. */
export const renewalPauseMs = 3_600_000
const orderBytesMax = 4096

/** False when the last new epoch was too recent. If the clock was set since then, it counts as long ago. */
export function askRenewal(folder: string, epoch: string, reason: string, wallMs: number): boolean {
  const lastMs = readJson(join(folder, renewedFile))?.['wallMs']
  if (typeof lastMs === 'number' && Math.abs(wallMs - lastMs) < renewalPauseMs) return false
  writeFileSync(join(folder, orderFile), JSON.stringify({ epoch, reason }), { flush: true })
  writeFileSync(join(folder, renewedFile), JSON.stringify({ wallMs }), { flush: true })
  return true
}

/** The reason for a new epoch, if one was ordered for this epoch; an order is used once. */
export function takeRenewal(folder: string, epoch: string): string | undefined {
  const file = join(folder, orderFile)
  const order = readJson(file)
  if (!order) return undefined
  if (order['epoch'] === epoch && typeof order['reason'] === 'string') return order['reason']
  // The power failed after the new journal had replaced the old one.
  rmSync(file, { force: true })
  return undefined
}

function readJson(file: string): Record<string, unknown> | undefined {
  if (!existsSync(file)) return undefined
  const json = parseJson(readFileSync(file), orderBytesMax)
  return json.ok && isObject(json.value) ? json.value : {}
}

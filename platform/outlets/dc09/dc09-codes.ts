// From a message to the data of a frame: Contact ID or SIA code by the alarm table, partition and zone, and a text in ASCII. Pure.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import { alarmCodes, alarmTable } from '../../../protocols/domain/alarm-table.ts'
import type { OutletStep } from '../../../protocols/desk/outlets.ts'
import type { OutletMessage } from '../message.ts'

/** New, or over. */
type Turn = 'new' | 'restore' | 'cancel'

const turnOf: Partial<Record<OutletStep, Turn>> = {
  raised: 'new',
  again: 'new',
  ended: 'restore',
  over: 'restore',
  cancelled: 'cancel',
}

/** SIA DC-03: what ends an event of this code. Others of the form xA end with xR. */
const siaRestores: Record<string, string> = lookup({ YC: 'YK', YX: 'YZ', XT: 'XR', AT: 'AR', YT: 'YR' })
const testCodes = { contactId: '1602', sia: 'RP' }
const cancelCodes = { contactId: '1406', sia: 'OC' }
const textCharsMax = 60

const siaRestore = (code: string): string | undefined =>
  siaRestores[code] ?? (code.endsWith('A') ? `${code.slice(0, 1)}R` : undefined)

/** Qualifier and event for Contact ID, the two letters for SIA; undefined when there is no code for it. */
export function codeOf(message: OutletMessage, format: 'contact-id' | 'sia'): string | undefined {
  const { kind, variant, colour, step, isTest } = message
  const turn = turnOf[step]
  if (isTest) return format === 'sia' ? testCodes.sia : testCodes.contactId
  if (turn === undefined) return undefined
  if (turn === 'cancel') return format === 'sia' ? cancelCodes.sia : cancelCodes.contactId
  // A case opened by hand has no kind: an emergency call is what is nearest.
  const { contactId, sia } = alarmCodes({ kind: kind ?? 'sos', variant, colour })
  if (format === 'sia') return turn === 'new' ? sia : siaRestore(sia)
  return `${turn === 'new' ? 1 : 3}${contactId}`
}

/** Printable ASCII without what has a meaning in a frame. */
const ascii = (text: string): string => text.replace(/[^\x20-\x7e]|[[\]|^]/g, '?')

export function textOf({ case: id, kind, box, village, device, isDrill }: OutletMessage): string {
  const name = kind === undefined ? 'opened by hand' : alarmTable[kind].name.en
  const words = [isDrill ? 'DRILL' : '', name, box ?? village, device ?? '', id]
  return ascii(words.filter((word) => word !== '').join(' ')).slice(0, textCharsMax)
}

/** `#1234|1130 00 007`, or `#1234|Nri0/BA007`. */
export function dataOf(
  message: OutletMessage,
  { format, account, zone }: { format: 'contact-id' | 'sia'; account: string; zone: number },
): string | undefined {
  const code = codeOf(message, format)
  if (code === undefined) return undefined
  const at = String(zone).padStart(3, '0')
  return format === 'sia' ? `#${account}|Nri0/${code}${at}` : `#${account}|${code} 00 ${at}`
}

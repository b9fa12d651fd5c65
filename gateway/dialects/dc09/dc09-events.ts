// What Contact ID (SIA DC-05) and SIA codes (DC-03) mean as readings. Pure. An unknown code of the alarm class is a call for help: one must not
// depend on a list.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'

export interface PanelEvent {
  /** Three digits, as the panel wrote them; empty when the event is about no zone. */
  zone: string
  readings: Readings
  momentary?: Readings
  fault?: { name: string; isOver: boolean }
  /** The panel reports once more what it has reported before. */
  isAgain?: true
}

const zonesMax = 20
const two = (code: string): string => code.slice(0, 2)

/** `1130 01 015`, `3301 00 000`: qualifier and event, partition, zone or user. */
function contactIdEvent(text: string): PanelEvent | string {
  const found = /^([136])(\d{3})\s+([0-9A-F]{2})\s+([0-9A-F]{3})$/i.exec(text.trim())
  if (!found) return 'no event of Contact ID'
  const [, qualifier, event = '', , zone = ''] = found
  // 6: a state that is reported again.
  const isNew = qualifier !== '3'
  const again = qualifier === '6' ? ({ isAgain: true } as const) : {}
  const at = zone === '000' ? '' : zone
  if (armings.test(event)) return { zone: '', readings: { panelArmed: !isNew } }
  if (event === '406') return isNew ? call(at, 'cancel') : { zone: at, readings: {} }
  if (/^[456]/.test(event)) return { zone: '', readings: { panelEvent: event } }
  return { ...meaningOf(contactIdMeanings(event), isNew, `contact-id-${event}`), zone: at, ...again }
}

/** New is opening, which disarms; restored is closing. The others of 4xx are about access and about arming that failed. */
const armings = /^(?:40[0-57-9]|44[12]|45[0-2])$/

type Meaning =
  | { press: NonNullable<Readings['button']> }
  | { flag: 'fire' | 'smoke' | 'gas' | 'leak' | 'tamper' | 'carbonMonoxide' | 'batteryLow' }
  | { is: 'open' | 'mains' | 'fault' }

function contactIdMeanings(event: string): Meaning {
  switch (event) {
    case '121':
    case '122':
    case '124':
    case '125':
      return { press: 'duress' }
    case '102':
    case '150':
      return { press: 'assist' }
    case '111':
    case '112':
    case '116':
      return { flag: 'smoke' }
    case '137':
    case '144':
    case '145':
    case '383':
      return { flag: 'tamper' }
    case '151':
      return { flag: 'gas' }
    case '154':
      return { flag: 'leak' }
    case '162':
      return { flag: 'carbonMonoxide' }
    case '301':
      return { is: 'mains' }
    case '302':
    case '384':
      return { flag: 'batteryLow' }
    case '155':
      return { is: 'open' }
    case '152':
    case '153':
    case '156':
    case '157':
    case '158':
    case '159':
    case '161':
    case '163':
      return { is: 'fault' }
  }
  if (two(event) === '11') return { flag: 'fire' }
  if (two(event) === '13' || event === '140') return { is: 'open' }
  return event.startsWith('2') || event.startsWith('3') ? { is: 'fault' } : { press: 'pressed' }
}

/** New event by its two letters. */
const siaMeanings: Record<string, Meaning> = lookup({
  BA: { is: 'open' },
  BV: { is: 'open' },
  FA: { flag: 'fire' },
  KA: { flag: 'fire' },
  GA: { flag: 'gas' },
  HA: { press: 'duress' },
  WA: { flag: 'leak' },
  TA: { flag: 'tamper' },
  AT: { is: 'mains' },
  YT: { flag: 'batteryLow' },
  XT: { flag: 'batteryLow' },
  OC: { press: 'cancel' },
  BC: { press: 'cancel' },
})
/** What ends it, by the new event. */
const siaRestores: Record<string, string> = lookup({
  BR: 'BA',
  BH: 'BA',
  FR: 'FA',
  FH: 'FA',
  KR: 'KA',
  KH: 'KA',
  GR: 'GA',
  GH: 'GA',
  WR: 'WA',
  WH: 'WA',
  TR: 'TA',
  AR: 'AT',
  YR: 'YT',
  XR: 'XT',
})
/** Faults whose end has other letters; of all others it is T for the fault, and R, H or J for its end. */
const faultEnds: Record<string, string> = lookup({ YK: 'YC', YZ: 'YX', YQ: 'YP', XH: 'XQ' })
/** Opening and closing, tests, and what else is for the log only. */
const siaArmed: Record<string, boolean> = lookup({
  CL: true,
  CA: true,
  CG: true,
  OP: false,
  OA: false,
  OG: false,
})
const siaQuiet = /^(?:R[A-Z]|L[A-Z]|J[A-Z]|[A-Z]B|[A-Z]U|EE|TE|TS|UX)$/

function siaEvent(code: string, zone: string): PanelEvent {
  const armed = siaArmed[code]
  if (armed !== undefined) return { zone: '', readings: { panelArmed: armed } }
  const known = siaMeanings[code]
  const ended = siaRestores[code]
  if (known) return { ...meaningOf(known, true, `sia-${code}`), zone }
  if (ended !== undefined)
    return { ...meaningOf(siaMeanings[ended] ?? { is: 'fault' }, false, `sia-${ended}`), zone }
  const fault = faultEnds[code]
  if (fault !== undefined) return { zone, ...faultOf(`sia-${fault}`, true) }
  // The restore of an emergency: calls end by an answer.
  if (/^[HMPQUZ][RH]$/.test(code) || siaQuiet.test(code)) return { zone, readings: { panelEvent: code } }
  if (code.endsWith('A') || code.endsWith('V')) return call(zone, 'pressed')
  if (/[RHJ]$/.test(code)) return { zone, ...faultOf(`sia-${code[0] ?? ''}T`, true) }
  return { zone, ...faultOf(`sia-${code}`, false) }
}

const call = (zone: string, button: NonNullable<Readings['button']>): PanelEvent => ({
  zone,
  readings: { button },
  momentary: { button },
})

function meaningOf(meaning: Meaning, isNew: boolean, name: string): Omit<PanelEvent, 'zone'> {
  if ('press' in meaning) return isNew ? call('', meaning.press) : { readings: { panelEvent: name } }
  if ('flag' in meaning) return { readings: { [meaning.flag]: isNew } }
  if (meaning.is === 'open') return { readings: { contact: isNew ? 'open' : 'closed' } }
  if (meaning.is === 'mains') return { readings: { mains: isNew ? 'off' : 'on' } }
  return faultOf(name, !isNew)
}

const faultOf = (name: string, isOver: boolean): Omit<PanelEvent, 'zone'> => ({
  readings: {},
  fault: { name, isOver },
})

/** `data`: inside the brackets, such as `#1234|1130 01 015` or `#1234|Nri1/BA015/FA002`. */
export function panelEvents(id: 'ADM-CID' | 'SIA-DCS', data: string): PanelEvent[] | string {
  const body = data.replace(/^[^|]{0,20}\|/, '')
  if (id === 'ADM-CID') {
    const event = contactIdEvent(body)
    return typeof event === 'string' ? event : [event]
  }
  // A text behind `^` belongs to the event before it; modifiers have small letters.
  const blocks = body
    .replace(/\^[^^]*\^?/g, '')
    .replace(/^[NO]/, '')
    .split('/')
    .map((block) => block.replace(/^(?:(?:ti|da|ri|id|pi|ai|ph|lv|vl|pt|va|ct)[^A-Z/]*)+/, ''))
  const events = blocks.flatMap((block) => {
    const found = /^([A-Z]{2})(\d{0,4})/.exec(block)
    const zone = (found?.[2] ?? '').replace(/^0+(?=\d)/, '')
    return found ? [siaEvent(found[1] ?? '', zone === '0' || zone === '' ? '' : zone.padStart(3, '0'))] : []
  })
  if (events.length === 0) return 'no event of SIA'
  return events.length > zonesMax ? `more than ${zonesMax} events` : events
}

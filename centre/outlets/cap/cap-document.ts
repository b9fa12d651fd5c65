// A CAP 1.2 document: the alert of a case, its updates, and its end. Pure.
import { alarmCodes, alarmTable } from '../../../protocols/domain/alarm-table.ts'
import type { AlarmKind } from '../../../protocols/domain/alarm.ts'
import { capByColour } from '../../../protocols/domain/colour.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import { kindWords, placeWords, type Language } from '../../../platform/outlets/words.ts'
import { xml, type Part } from '../xml-parts.ts'

export interface CapOptions {
  sender: string
  senderName: string
  language: Language
  /** Who may read it: CAP wants a text for what is not public. */
  restriction: string
  /** Codes of events by the profile of the receiver; absent: those of the national warning system in the table of kinds. */
  events?: { name: string; codes: Partial<Record<AlarmKind, string>> } | undefined
  expiresHours: number
  textOf: (message: OutletMessage) => string
  utcOffsetMin: (atMs: number) => number
}

const minuteMs = 60_000

/** CAP forbids `Z`: `2026-03-01T16:30:00+08:00`. */
export function capTime(atMs: number, offsetMin: number): string {
  const local = new Date(atMs + offsetMin * minuteMs).toISOString().slice(0, 19)
  const away = Math.abs(offsetMin)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${local}${offsetMin < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`
}

/** Spaces, commas, `<` and `&` are forbidden in identifiers. The first message of a case has a fixed one, which later ones name. */
const identifierOf = ({ case: id, id: own, step, isTest }: OutletMessage): string =>
  step === 'raised' && !isTest ? id : `${id}.${own}`

function categoryOf(kind: AlarmKind | undefined): string {
  switch (kind) {
    case 'fire':
    case 'smoke':
      return 'Fire'
    case 'water':
      return 'Met'
    case 'gas':
    case 'carbon-monoxide':
      return 'CBRNE'
    case 'intrusion':
    case 'tamper':
      return 'Security'
    case 'sos':
    case 'assist':
    case 'no-activity':
      return 'Rescue'
    default:
      return 'Infra'
  }
}

/** What a receiver calls the codes of the national warning system. */
const nationalEvents = 'CN-eventType'

function eventOf({ kind, variant, colour }: OutletMessage, events: CapOptions['events']): Part[] {
  if (kind === undefined) return []
  const value = events ? events.codes[kind] : alarmCodes({ kind, variant, colour }).event
  if (value === undefined) return []
  const parts: Part[] = [
    ['valueName', events?.name ?? nationalEvents],
    ['value', value],
  ]
  return [['eventCode', parts]]
}

const isEnd = ({ step }: OutletMessage): boolean => step === 'over' || step === 'cancelled'

function infoOf(message: OutletMessage, options: CapOptions): Part[] {
  const { kind, colour, variant, openedAtMs, atMs, village, place, zone } = message
  const { language, events, senderName, expiresHours, textOf, utcOffsetMin } = options
  const time = (ms: number): string => capTime(ms, utcOffsetMin(ms))
  const guidance = kind === undefined ? undefined : alarmTable[kind].guidance[language]
  return [
    ['language', language === 'zh' ? 'zh-CN' : 'en-US'],
    ['category', categoryOf(kind)],
    ['event', kindWords(message, language)],
    ['responseType', isEnd(message) ? 'AllClear' : 'Assess'],
    ['urgency', isEnd(message) ? 'Past' : 'Immediate'],
    ['severity', kind === undefined ? capByColour[colour] : alarmCodes({ kind, variant, colour }).cap],
    ['certainty', 'Observed'],
    ...eventOf(message, events),
    ['effective', time(atMs)],
    ['onset', time(openedAtMs)],
    ['expires', time(atMs + expiresHours * 60 * minuteMs)],
    ['senderName', senderName],
    ['headline', textOf(message).slice(0, 160)],
    ['description', textOf(message)],
    ['instruction', guidance],
    ['contact', place?.phone],
    [
      'parameter',
      [
        ['valueName', 'gengfu-step'],
        ['value', message.step],
      ],
    ],
    [
      'area',
      [
        ['areaDesc', placeWords(message)],
        ...(zone === undefined ? [] : [geocode('gengfu-zone', zone)]),
        ...(/^\d{12}$/.test(village) ? [geocode('GB/T 2260', village)] : []),
      ],
    ],
  ]
}

const geocode = (name: string, value: string): Part => [
  'geocode',
  [
    ['valueName', name],
    ['value', value],
  ],
]

export function capDocument(message: OutletMessage, options: CapOptions): string {
  const { sender, restriction, utcOffsetMin } = options
  const { step, isTest, isDrill, openedAtMs, case: id } = message
  const isFirst = step === 'raised' || isTest === true
  // Of the first message: fixed by the case, so that the references of later ones name it.
  const sentMs = isFirst ? openedAtMs : message.atMs
  const sent = capTime(sentMs, utcOffsetMin(sentMs))
  const first = capTime(openedAtMs, utcOffsetMin(openedAtMs))
  const body: Part[] = [
    ['identifier', identifierOf(message)],
    ['sender', sender],
    ['sent', sent],
    ['status', isTest ? 'Test' : isDrill ? 'Exercise' : 'Actual'],
    ['msgType', isFirst ? 'Alert' : isEnd(message) ? 'Cancel' : 'Update'],
    ['scope', 'Restricted'],
    ['restriction', restriction],
    ['note', isDrill ? '演练 / drill' : undefined],
    ['references', isFirst ? undefined : `${sender},${id},${first}`],
    ['incidents', id],
    ['info', infoOf(message, options)],
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">\n${xml(body, '  ')}</alert>\n`
}

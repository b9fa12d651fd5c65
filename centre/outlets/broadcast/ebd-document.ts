// An emergency broadcast message as its XML documents: EBD with EBM, and the signature file beside it. Designed after GD/J 082-2018 and
// GD/J 081-2018, whose element names are public; certified to neither. Pure.
import { alarmCodes } from '../../../protocols/domain/alarm-table.ts'
import type { Colour } from '../../../protocols/domain/colour.ts'
import { localTime, kindWords, publicWords } from '../../../platform/outlets/words.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { EbdSettings } from '../../config/outlets/ebd-settings.ts'
import { xml, type Part } from '../xml-parts.ts'

export interface EbdOptions {
  settings: Pick<
    EbdSettings,
    'source' | 'destination' | 'senderName' | 'senderCode' | 'areas' | 'broadcastMinutes' | 'language'
  >
  utcOffsetMin: (atMs: number) => number
}

/** For tests and drills: receivers of the national codes know it as `only for tests`. */
const testEvent = '00000'
/** Of the kinds that the national codes do not have: an accident of another kind. */
const otherEvent = '12Y00'
const severities: Record<Colour, string> = { red: '1', orange: '2', yellow: '3', blue: '4' }
const titleCharsMax = 60
const textCharsMax = 400

const digits = (value: number, length: number): string => String(value % 10 ** length).padStart(length, '0')

const dayOf = (atMs: number, { utcOffsetMin }: EbdOptions): string =>
  localTime(atMs, utcOffsetMin(atMs)).slice(0, 10).replaceAll('-', '')

const isEnd = ({ step }: OutletMessage): boolean => step === 'over' || step === 'cancelled'

/** 41 digits, the same at every attempt: `10`, who sends, the day, and the number of the message. */
export const ebdId = (message: OutletMessage, options: EbdOptions): string =>
  `10${options.settings.source}${dayOf(message.atMs, options)}${digits(message.number, 8)}`

/** 35 digits. The broadcast of a case has an even number and its end the odd one after it: the end can name what it ends. */
function ebmId({ case: id, openedAtMs }: OutletMessage, options: EbdOptions, isOfEnd: boolean): string {
  const number = Number.parseInt(/\d{1,9}$/.exec(id)?.[0] ?? '0', 10)
  const { source } = options.settings
  return `${source}${dayOf(openedAtMs, options)}${digits(number * 2 + (isOfEnd ? 1 : 0), 4)}`
}

function eventOf({ kind, variant, colour, isDrill, isTest }: OutletMessage): string {
  if (isDrill || isTest) return testEvent
  return (kind === undefined ? undefined : alarmCodes({ kind, variant, colour }).event) ?? otherEvent
}

/** Undefined: it is known for no village of this name where to broadcast. */
export const areaOf = (
  { village, isTest }: OutletMessage,
  { areas, source }: Pick<EbdSettings, 'areas' | 'source'>,
): string | undefined =>
  areas[village] ?? (/^\d{12}$/.test(village) ? village : isTest ? source.slice(1, 13) : undefined)

export function ebdDocument(message: OutletMessage, options: EbdOptions): string {
  const { settings, utcOffsetMin } = options
  const { source, destination, senderName, senderCode = source, broadcastMinutes, language } = settings
  const time = (atMs: number): string => localTime(atMs, utcOffsetMin(atMs))
  const isOfEnd = isEnd(message)
  const basic: Part[] = [
    ['MsgType', isOfEnd ? '2' : '1'],
    ['SenderName', senderName],
    ['SenderCode', senderCode],
    ['SendTime', time(message.atMs)],
    ['EventType', eventOf(message)],
    ['Severity', severities[message.colour]],
    ['StartTime', time(message.atMs)],
    ['EndTime', time(message.atMs + broadcastMinutes * 60_000)],
  ]
  const content: Part[] = [
    ['LanguageCode', language === 'zh' ? 'zho' : 'eng'],
    ['MsgTitle', kindWords(message, language).slice(0, titleCharsMax)],
    ['MsgDesc', publicWords(message, language).slice(0, textCharsMax)],
    ['AreaCode', areaOf(message, settings)],
  ]
  const parts: Part[] = [
    ['EBDVersion', '1'],
    ['EBDID', ebdId(message, options)],
    ['EBDType', 'EBM'],
    ['SRC', [['EBRID', source]]],
    ['DEST', destination === undefined ? undefined : [['EBRID', destination]]],
    ['EBDTime', time(message.atMs)],
    [
      'EBM',
      [
        ['EBMVersion', '1'],
        ['EBMID', ebmId(message, options, isOfEnd)],
        ['RelatedInfo', isOfEnd ? [['EBMID', ebmId(message, options, false)]] : undefined],
        ['MsgBasicInfo', basic],
        ['MsgContent', content],
      ],
    ],
  ]
  return documentOf('EBD', parts)
}

export const signatureDocument = (id: string, certificateSerial: string, signature: string): string =>
  documentOf('Signature', [
    ['Version', '1'],
    ['RelatedEBD', [['EBDID', id]]],
    ['CertSN', certificateSerial],
    ['SignatureAlgorithm', 'SM2-SM3'],
    ['SignatureValue', signature],
  ])

const documentOf = (name: string, parts: readonly Part[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name}>\n${xml(parts, '  ')}</${name}>\n`

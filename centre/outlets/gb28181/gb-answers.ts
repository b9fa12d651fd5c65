// What the platform above asks and orders (GB/T 28181 A.2.3 and A.2.4), and what a lower platform without pictures answers. Pure.
import { gbTypeOf, isGbAlarmInput, isGbCamera } from '../../../platform/gb28181/gb-codes.ts'
import {
  childOf,
  encodeGbXml,
  gbTime,
  textOf,
  type GbElement,
  type GbPart,
} from '../../../platform/gb28181/gb-xml.ts'
import type { Gb28181Settings } from '../../config/outlets/gb28181-settings.ts'

/** Bytes of one message: by UDP without being cut on the way (RFC 3261 clause 18.1.1). */
const pageBytesMax = { udp: 1000, tcp: 8000, tls: 8000 }

export interface GbAsked {
  root: string
  type: string
  sn: string
  /** Ours, or that of a channel. */
  device: string
  element: GbElement
}

/** Undefined when it is no message of GB/T 28181. */
export function askedOf(element: GbElement | undefined): GbAsked | undefined {
  const [type, sn, device] = ['CmdType', 'SN', 'DeviceID'].map((name) => textOf(element, name))
  if (!element || type === undefined || !/^\d{1,10}$/.test(sn ?? '')) return undefined
  return { root: element.name, type, sn: sn ?? '', device: device ?? '', element }
}

export interface AnswerFacts {
  settings: Gb28181Settings
  nowMs: number
}

/** Bodies of the messages that answer it; empty when the standard has none for it. */
export function answersTo(asked: GbAsked, facts: AnswerFacts): Buffer[] {
  const { settings } = facts
  const isOurs = asked.device === settings.code || settings.channels.some(({ code }) => code === asked.device)
  if (asked.root === 'Control') return isOurs ? controlAnswer(asked) : []
  if (asked.root !== 'Query') return []
  if (!isOurs) return [answer(asked, [['Result', 'ERROR']])]
  switch (asked.type) {
    case 'Catalog':
      return catalogue(asked, settings, 'Response')
    case 'DeviceInfo':
      return [answer(asked, deviceInfo(asked, settings))]
    case 'DeviceStatus':
      return [answer(asked, deviceStatus(facts))]
    default:
      return [answer(asked, [['Result', 'ERROR']])]
  }
}

const answer = ({ type, sn, device }: GbAsked, parts: GbPart[]): Buffer =>
  encodeGbXml('Response', [['CmdType', type], ['SN', sn], ['DeviceID', device], ...parts])

/**
 * The village is guarded by its own people: the platform above can not disarm it, and an order that is answered with OK and not followed would
 * be worse than a refusal. `ResetAlarm` says that a person there has seen it.
 */
function controlAnswer(asked: GbAsked): Buffer[] {
  const guard = textOf(asked.element, 'GuardCmd')
  const reset = textOf(asked.element, 'AlarmCmd')
  if (guard === undefined && reset === undefined) return [answer(asked, [['Result', 'ERROR']])]
  const isGood = guard === 'SetGuard' || reset === 'ResetAlarm'
  return [answer(asked, [['Result', isGood ? 'OK' : 'ERROR']])]
}

export const isAlarmReset = ({ root, type, element }: GbAsked): boolean =>
  root === 'Control' && type === 'DeviceControl' && textOf(element, 'AlarmCmd') === 'ResetAlarm'

function deviceInfo({ device }: GbAsked, { channels }: Gb28181Settings): GbPart[] {
  const channel = channels.find(({ code }) => code === device)
  return [
    ['Result', 'OK'],
    ['DeviceName', channel?.name ?? 'Gengfu'],
    ['Manufacturer', 'Gengfu'],
    ['Model', 'Gengfu'],
    ['Firmware', '1'],
    ['Channel', channel ? 1 : channels.length],
  ]
}

function deviceStatus({ settings: { channels }, nowMs }: AnswerFacts): GbPart[] {
  const inputs = channels.filter(({ code }) => isGbAlarmInput(code))
  return [
    ['Result', 'OK'],
    ['Online', 'ONLINE'],
    ['Status', 'OK'],
    ['Encode', 'OFF'],
    ['Record', 'OFF'],
    ['DeviceTime', gbTime(nowMs)],
    [
      'Alarmstatus',
      inputs.map(({ code }): GbPart => [
        'Item',
        [
          ['DeviceID', code],
          ['DutyStatus', 'ONDUTY'],
        ],
      ]),
      `Num="${inputs.length}"`,
    ],
  ]
}

function itemOf(channel: Gb28181Settings['channels'][number], own: string): GbPart {
  const { code, name, village } = channel
  const area = village !== undefined && /^\d{12}$/.test(village) ? village.slice(0, 6) : code.slice(0, 6)
  return [
    'Item',
    [
      ['DeviceID', code],
      ['Name', name],
      ['Manufacturer', 'Gengfu'],
      ['Model', isGbCamera(code) ? 'Camera' : isGbAlarmInput(code) ? 'Alarm' : gbTypeOf(code)],
      ['Owner', 'Gengfu'],
      ['CivilCode', area],
      ['Address', name],
      ['Parental', 0],
      ['ParentID', own],
      ['SafetyWay', 0],
      ['RegisterWay', 1],
      ['Secrecy', 0],
      ['Status', 'ON'],
    ],
  ]
}

/** In pages that fit, each with the number of all (SumNum). */
export function catalogue(
  { sn, device }: Pick<GbAsked, 'sn' | 'device'>,
  { channels, code: own, transport }: Gb28181Settings,
  root: 'Response' | 'Notify',
): Buffer[] {
  const wanted = device === own ? channels : channels.filter(({ code }) => code === device)
  const page = (items: GbPart[]): Buffer =>
    encodeGbXml(root, [
      ['CmdType', 'Catalog'],
      ['SN', sn],
      ['DeviceID', device],
      ['SumNum', wanted.length],
      ['DeviceList', items, `Num="${items.length}"`],
    ])
  const pages: Buffer[] = []
  let items: GbPart[] = []
  for (const channel of wanted) {
    const item = itemOf(channel, own)
    if (items.length > 0 && page([...items, item]).length > pageBytesMax[transport]) {
      pages.push(page(items))
      items = []
    }
    items.push(item)
  }
  return [...pages, page(items)]
}

/** `Response` to our alarm: the platform has stored it. */
export function alarmResult({
  root,
  type,
  sn,
  element,
}: GbAsked): { sn: string; isGood: boolean } | undefined {
  if (root !== 'Response' || type !== 'Alarm') return undefined
  return { sn, isGood: childOf(element, 'Result')?.text.toUpperCase() === 'OK' }
}

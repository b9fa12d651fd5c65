// Device type and status of SCAIP for each kind of alarm (the code lists of SS 91100:2014 as two public implementations have them), and the request
// as XML. Pure.
import type { AlarmKind } from '../../../protocols/domain/alarm.ts'
import type { OutletStep } from '../../../protocols/desk/outlets.ts'
import { encodeGbXml, type GbPart } from '../../gb28181/gb-xml.ts'
import type { OutletMessage } from '../message.ts'
import { kindWords, placeWords } from '../words.ts'

/** `dty` and `stc`. Device types: 0002 local unit and controller, 0003 personal trigger, 0049 monitoring device. */
export const scaipCodes: Record<AlarmKind, readonly [device: string, status: string]> = {
  sos: ['0003', '0010'],
  assist: ['0003', '0110'],
  'no-activity': ['0010', '0009'],
  fire: ['0047', '0009'],
  smoke: ['0023', '0009'],
  gas: ['0021', '0009'],
  'carbon-monoxide': ['0026', '0009'],
  water: ['0033', '0046'],
  leak: ['0033', '0009'],
  intrusion: ['0028', '0009'],
  'exit-error': ['0014', '0077'],
  tamper: ['0038', '0125'],
  'device-silent': ['0049', '0073'],
  'device-blind': ['0049', '0105'],
  'device-fault': ['0049', '0067'],
  'device-battery-low': ['0049', '0016'],
  'implausible-reading': ['0049', '0105'],
  'camera-offline': ['0049', '0073'],
  'mains-lost': ['0041', '0085'],
  'box-tamper': ['0002', '0125'],
  'box-battery-low': ['0002', '0016'],
  'box-silent': ['0002', '0073'],
  'box-doubled': ['0002', '0107'],
  'box-disk-full': ['0002', '0068'],
  'box-dropping': ['0002', '0079'],
  'clock-unsynced': ['0002', '0105'],
  'journal-damaged': ['0002', '0042'],
  'journal-rewound': ['0002', '0105'],
  'box-not-keeping': ['0002', '0042'],
  'box-over-limit': ['0002', '0079'],
  'alarm-unreadable': ['0002', '0105'],
  'centre-rewound': ['0031', '0105'],
  'centre-clock-off': ['0031', '0105'],
  'outlet-failed': ['0032', '0026'],
  'outlet-silent': ['0032', '0063'],
  'upstream-water': ['0033', '0011'],
  'certificate-expires': ['0002', '0065'],
  'link-lost': ['0032', '0023'],
  storm: ['0031', '0011'],
}

const reset = { automatic: '0092', manual: '0093', cancel: '0019' }
const testStatus = '0102'
const version = '01.00'

const resetOf: Partial<Record<OutletStep, string>> = {
  ended: reset.automatic,
  over: reset.manual,
  cancelled: reset.cancel,
}

/** `ref`: at most 16 letters and digits, the same at every attempt. */
export const refOf = ({ id }: Pick<OutletMessage, 'id'>): string => id.replace(/[^0-9A-Za-z]/g, '').slice(-16)

const cut = (words: string, most: number): string | undefined => {
  const text = Array.from(words).slice(0, most).join('').trim()
  return text === '' ? undefined : text
}

/** Undefined when SCAIP has no message for this step. */
export function scaipRequest(
  message: OutletMessage,
  { controller, language, caller }: { controller: string; language: 'zh' | 'en'; caller: string },
): Buffer | undefined {
  const { step, isTest, kind, device, place, case: id } = message
  const resetStatus = resetOf[step]
  if (!isTest && resetStatus === undefined && step !== 'raised' && step !== 'again') return undefined
  // A case opened by hand has no kind: an emergency call is what is nearest.
  const [deviceType, status] = scaipCodes[kind ?? 'sos']
  const type = isTest ? 'IN' : resetStatus === undefined ? 'ME' : 'RE'
  const stc = isTest ? testStatus : (resetStatus ?? status)
  const parts: GbPart[] = [
    ['ref', refOf(message)],
    ['ver', version],
    ['mty', type],
    ['cid', controller],
    ['dty', isTest ? '0002' : deviceType],
    // At most eight characters: the end of a device's name distinguishes it better than the beginning.
    ['did', device === undefined ? undefined : device.slice(-8)],
    ['dte', cut(place?.device ?? device ?? '', 32)],
    ['crd', caller],
    ['stc', stc],
    ['stt', cut(kindWords(message, language), 32)],
    ['lte', cut(placeWords(message), 32)],
    ['ite', cut(`${id} ${place?.phone ?? ''}`, 128)],
  ]
  return encodeGbXml('mrq', parts, 'UTF-8')
}

/** The heartbeat of supervision. */
export const scaipHeartbeat = (ref: string, controller: string): Buffer =>
  encodeGbXml(
    'mrq',
    [
      ['ref', ref],
      ['ver', version],
      ['mty', 'PI'],
      ['hbo', '0'],
      ['cid', controller],
      ['dty', '0002'],
    ],
    'UTF-8',
  )

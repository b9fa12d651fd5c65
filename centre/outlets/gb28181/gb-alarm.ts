// The alarm of GB/T 28181 (2016: 9.4 and A.2.5; 2022: A.2.5) from a message. Pure.
import { gbTime, type GbPart } from '../../../platform/gb28181/gb-xml.ts'
import { alarmCodes } from '../../../protocols/domain/alarm-table.ts'
import type { AlarmKind } from '../../../protocols/domain/alarm.ts'
import { gbSteps, type Gb28181Settings } from '../../config/outlets/gb28181-settings.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'

/** A much used platform sends 7 elsewhere, and stores nothing of it. */
const asDeviceAlarm: readonly AlarmKind[] = ['water', 'upstream-water']
const deviceMethod = 2
/** AlarmType of a device alarm: the device was opened. */
const tamperType = 2
const tamperKinds: readonly AlarmKind[] = ['tamper', 'box-tamper']
const descriptionCharsMax = 250
/** A case opened by hand has no kind. */
const byHand: AlarmKind = 'sos'

export function gbMethodOf(
  { kind = byHand, variant, colour }: Pick<OutletMessage, 'kind' | 'variant' | 'colour'>,
  methods: Gb28181Settings['methods'] = {},
): number {
  const own = methods[kind]
  if (own !== undefined) return own
  return asDeviceAlarm.includes(kind) ? deviceMethod : alarmCodes({ kind, variant, colour }).gbMethod
}

export const hasGbAlarm = ({ step, isTest }: OutletMessage): boolean =>
  isTest === true || gbSteps.some((one) => one === step)

/** The code of the channel that is nearest to the alarm. */
export function channelOf(
  { code, channels }: Pick<Gb28181Settings, 'code' | 'channels'>,
  { village, device, zone }: OutletMessage,
): string {
  const own = channels.filter((one) => one.village === village)
  const ofSource = (source: string | undefined) => own.find((one) => one.source === source)
  const found =
    (device === undefined ? undefined : ofSource(device)) ??
    (zone === undefined ? undefined : ofSource(zone)) ??
    ofSource(undefined)
  return found?.code ?? code
}

/** `SN`: the number of the message, the same at every attempt. */
export function gbAlarm(
  message: OutletMessage,
  settings: Pick<Gb28181Settings, 'code' | 'channels' | 'methods'>,
  textOf: (message: OutletMessage) => string,
): GbPart[] {
  const { kind = byHand, variant, colour, atMs, number } = message
  const method = gbMethodOf(message, settings.methods)
  const isTamper = method === deviceMethod && tamperKinds.includes(kind)
  return [
    ['CmdType', 'Alarm'],
    ['SN', number],
    ['DeviceID', channelOf(settings, message)],
    ['AlarmPriority', alarmCodes({ kind, variant, colour }).gbPriority],
    ['AlarmMethod', method],
    ['AlarmTime', gbTime(atMs)],
    ['AlarmDescription', textOf(message).slice(0, descriptionCharsMax)],
    ['Info', isTamper ? [['AlarmType', tamperType]] : undefined],
  ]
}

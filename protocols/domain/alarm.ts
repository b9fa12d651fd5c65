// An Alarm is something a person must answer. States after ISA-18.2; one active alarm per (device, kind).
import type { Colour, ZoneGrade } from './colour.ts'
import type { Readings } from './reading.ts'

/** States after ISA-18.2. `normal` ends the alarm's life. */
export const alarmStates = [
  'unacknowledged',
  'acknowledged',
  'returned-unacknowledged',
  'shelved',
  'suppressed',
  'out-of-service',
  'normal',
] as const
export type AlarmState = (typeof alarmStates)[number]

/** The change of an alarm; each change is one AlarmRecord. */
export const alarmChanges = [
  'raised',
  'repeated',
  'escalated',
  'deescalated',
  'returned',
  'acknowledged',
  'shelved',
  'unshelved',
  'suppressed',
  'unsuppressed',
  'out-of-service',
  'in-service',
  'updated',
  'ended',
] as const
export type AlarmChange = (typeof alarmChanges)[number]

/** The stage of the answer, as the button's lamp shows it. */
export const stages = ['stored', 'centre', 'seen', 'accepted', 'dispatched', 'closed'] as const
export type Stage = (typeof stages)[number]

/** Kinds of alarm. The alarm table (`alarm-table.ts`) defines each. */
export const alarmKinds = [
  'sos',
  'assist',
  'no-activity',
  'fire',
  'smoke',
  'gas',
  'carbon-monoxide',
  'water',
  'leak',
  'intrusion',
  'exit-error',
  'tamper',
  'device-silent',
  'device-blind',
  'device-fault',
  'device-battery-low',
  'implausible-reading',
  'camera-offline',
  'mains-lost',
  'box-tamper',
  'box-battery-low',
  'box-silent',
  'box-doubled',
  'box-disk-full',
  'box-dropping',
  'clock-unsynced',
  'journal-damaged',
  'journal-rewound',
  'box-not-keeping',
  'box-over-limit',
  'alarm-unreadable',
  'centre-rewound',
  'centre-clock-off',
  'outlet-failed',
  'outlet-silent',
  'upstream-water',
  'certificate-expires',
  'link-lost',
  'storm',
] as const
export type AlarmKind = (typeof alarmKinds)[number]

/** Kinds that a person at home can set off by mistake, and call off within some minutes. */
export const callOffKinds: ReadonlySet<AlarmKind> = new Set<AlarmKind>([
  'sos',
  'assist',
  'smoke',
  'gas',
  'fire',
  'intrusion',
  'no-activity',
])

/** Kinds that only the centre may raise, about a box. */
export const centreAlarmKinds = [
  'box-silent',
  'box-doubled',
  'box-not-keeping',
  'box-over-limit',
  'alarm-unreadable',
  'centre-rewound',
  'centre-clock-off',
  'upstream-water',
] as const satisfies readonly AlarmKind[]

/** Kinds that a box may raise. */
export const boxAlarmKinds = alarmKinds.filter((kind) => !centreAlarmKinds.some((own) => own === kind))

/** The same sentence in both languages; every text that a person reads has both. */
export interface BilingualText {
  zh: string
  en: string
}

/** Whose alarm it is and where, in the village's own words: an operator reads it first, and whom to call. */
export interface AlarmPlace {
  /** The zone's own name, such as a person or a house. */
  zone?: string
  /** The device's own name. */
  device?: string
  household?: string
  grid?: string
  lampPost?: string
  /** How closely the village watches the zone; absent when it is general. */
  grade?: ZoneGrade
  /** A further description of the place. */
  text?: string
  /** On the village plan, 0 to 1 from its upper left corner. */
  plan?: { x: number; y: number }
  /** Of the device, or else of its zone. */
  phone?: string
  /** Names of the sirens that can sound for it; empty if there is none, absent when the box does not send them. */
  sirens?: string[]
  /** The village's time, minutes ahead of UTC, when the alarm was sent. */
  utcOffsetMin?: number
}

/** One alarm in its present state: enough to show and answer it without any other record. */
export interface Alarm {
  /** Unique at this box for ever, also across epochs. */
  id: string
  /** A device id, or the box's own id for alarms about the box. */
  device: string
  kind: AlarmKind
  /** Water stage, sos variant (pressed, held, double, duress) ... if the kind has several. */
  variant?: string
  colour: Colour
  /** The most urgent colour since the last answer (latched). */
  latchedColour: Colour
  state: AlarmState
  /** How often it occurred in this life: 1 when raised. */
  occurrences: number
  zone?: string
  place?: AlarmPlace
  /** Kind, place and guidance, for the operator. */
  text: BilingualText
  /** The device's readings when it was raised or last changed. */
  readings?: Readings
  /** A drill or a walk test: shown, marked, and never sent to the real chain. */
  isDrill?: boolean
}

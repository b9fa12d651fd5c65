// Interface of the alarm engine: a pure function over keyed documents, without I/O, timers or chance.
import type { Alarm, AlarmChange, BilingualText, Stage } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { ClockQuality, DeviceEvent } from '../../protocols/domain/event.ts'

/** The moment at which an input is judged. */
export interface Now {
  /** Milliseconds the box has been up over all boots: never steps back, stops while the power is off. */
  steadyMs: number
  /** Wall time in ms since 1970, as exact as `clock` shows: for schedules and texts, never for time-outs. */
  wallMs: number
  clock: ClockQuality
  /** Unique for this input, for ever; ids of alarms that it raises contain it (letters, digits, dash). */
  inputId: string
}

/** A device's connection, as known to the broker. */
export type Presence = 'unknown' | 'present' | 'late' | 'silent'

export type AlarmInput =
  | { type: 'event'; event: DeviceEvent }
  /**
   * No part of a device's message could be decoded: `excerpt` is its beginning, printable and short. `isElsewhere`: it came on a topic
   * that no dialect knows.
   */
  | { type: 'unreadable'; device: string; excerpt: string; problem: string; isElsewhere?: true }
  /** `isHint`: reported by its bridge. */
  | { type: 'presence'; device: string; isOnline: boolean; isHint?: boolean }
  | { type: 'tick' }
  | { type: 'stage'; alarm: string; stage: Stage; by?: string }
  | { type: 'arm'; zone: string; isArmed: boolean; by: string }
  /** `forMs` 0 ends it, here and below. */
  | { type: 'bypass'; device: string; forMs: number; by: string }
  | { type: 'shelve'; alarm: string; forMs: number; by: string }
  /** A zone, or `box` for all of it. */
  | { type: 'maintenance'; zone: string; forMs: number; by: string }
  /** A second source, such as a person who looked at a snapshot, confirms an intrusion: it becomes red. */
  | { type: 'confirm'; alarm: string; by: string }
  /** The household calls the alarm a mistake: it stays, with a mark. */
  | { type: 'call-off'; alarm: string; by: string }
  | { type: 'box'; fact: BoxFact }
  /** The gateway has started: silence counts from now at the earliest. Sent once, before the first event. */
  | { type: 'started' }

/**
 * A fault that the box detects about itself; `isPresent` false ends it. Report the fact at once: the engine applies
 * the table's delays (mains 60 s, clock 1 h, link 180 s). Repeating an unchanged fact costs nothing.
 */
export interface BoxFact {
  kind:
    | 'mains-lost'
    | 'box-tamper'
    | 'box-battery-low'
    | 'box-disk-full'
    | 'box-dropping'
    | 'clock-unsynced'
    | 'journal-damaged'
    | 'journal-rewound'
    | 'certificate-expires'
    | 'link-lost'
    | 'outlet-failed'
    | 'outlet-silent'
    | 'camera-offline'
  isPresent: boolean
  /** The camera for `camera-offline`; otherwise the box itself. */
  subject?: string
  /** Numbers and words for the text, such as the count salvaged. */
  facts?: Record<string, string | number>
  /** Replaces `facts` in the text, in whole sentences. */
  remark?: BilingualText
}

/**
 * The engine's memory as keyed JSON documents. A document is never changed in place: `set` replaces it, `undefined`
 * removes it. Keys: `alarm:{device}/{kind}` (with `/drill` at the end for a drill's row), `past:{device}/{kind}`,
 * `zone:{id}`, `box`, and `device:{id}` for tracking. The shapes are in `documents.ts`; `alarm` in an alarm document
 * is the Alarm as it stands. Pass the same object at every call: the due times are indexed beside it. A `device:`
 * document depends only on that device's own inputs, never on alarm documents, so that it can be rebuilt by replaying
 * the journal.
 */
export interface AlarmMemory {
  get(key: string): unknown
  set(key: string, value: object | undefined): void
  /** Keys with this prefix, in order of first insertion. */
  keys(prefix: string): Iterable<string>
}

export interface Transition {
  change: AlarmChange
  alarm: Alarm
}

/** A command of a local rule for a device: the gateway publishes it after the commit. */
export interface LocalCommand {
  device: string
  do: string
  [parameter: string]: unknown
}

/** A state change that is not an alarm: arming, the end of a bypass, a walk test. It becomes a LogRecord. */
export interface LogEntry {
  what: string
  facts: Record<string, unknown>
}

export interface Outcome {
  transitions: Transition[]
  commands: LocalCommand[]
  /** Lane of the LogRecord; never red. */
  logs?: LogEntry[] | undefined
  /** Lane of the event: the most urgent colour it caused; undefined for routine. */
  colour?: Colour | undefined
  /** Remarks about the readings, stored with the event, such as `unconfirmed-step`, `flat`, `out-of-range`. */
  flags?: string[] | undefined
  /** An alarm has changed in a way that is not sent now, such as the next repeat of many. */
  hasUntold?: boolean | undefined
}

/** The engine for one configuration of zones, devices, limits and rules. */
export interface AlarmEngine {
  judge(memory: AlarmMemory, input: AlarmInput, now: Now): Outcome
  /** The steady time of the next `tick` that can change anything; Infinity when nothing is due. */
  nextDueMs(memory: AlarmMemory): number
  /**
   * Call it after the documents were changed from outside, for example by an undo: the next call rebuilds the index.
   */
  forget(memory: AlarmMemory): void
}

export const devicePrefix = 'device:'

/** The last values that a device reported about itself: part of its document. */
export interface DeviceVitals {
  /** Steady time of its last message. */
  heardMs?: number
  batteryPercent?: number
  signalDbm?: number
}

export const readDeviceVitals = (memory: AlarmMemory, device: string): DeviceVitals =>
  (memory.get(devicePrefix + device) as DeviceVitals | undefined) ?? {}

// What others see of the alarm engine: a pure function over keyed documents. No I/O, no timers, no chance of its own.
import type { Alarm, AlarmChange, BilingualText, Stage } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { ClockQuality, DeviceEvent } from '../../protocols/domain/event.ts'

/** The moment an input is judged. */
export interface Now {
  /** Milliseconds the box has been up over all boots: never steps back, stands still while the power is off. */
  steadyMs: number
  /** Wall time in ms since 1970, as good as `clock` says: for schedules and texts, never for time-outs. */
  wallMs: number
  clock: ClockQuality
  /** Unique for this input for ever; ids of alarms raised by it are made from it (letters, digits, dash). */
  inputId: string
}

/** Who is heard and how: what the broker knows of a device's connection. */
export type Presence = 'unknown' | 'present' | 'late' | 'silent'

export type AlarmInput =
  | { type: 'event'; event: DeviceEvent }
  /** A device said what no part of could be read: `excerpt` is its beginning, printable and short. */
  | { type: 'unreadable'; device: string; excerpt: string; problem: string }
  | { type: 'presence'; device: string; isOnline: boolean }
  | { type: 'tick' }
  | { type: 'stage'; alarm: string; stage: Stage; by?: string }
  | { type: 'arm'; zone: string; isArmed: boolean; by: string }
  /** `forMs` 0 ends it, here and below. */
  | { type: 'bypass'; device: string; forMs: number; by: string }
  | { type: 'shelve'; alarm: string; forMs: number; by: string }
  /** A zone, or `box` for all of it. */
  | { type: 'maintenance'; zone: string; forMs: number; by: string }
  /** A second source, such as a snapshot that somebody looked at, confirms an intrusion: it turns red. */
  | { type: 'confirm'; alarm: string; by: string }
  | { type: 'box'; fact: BoxFact }
  /** The gateway has started: silence counts from now at the earliest. Once, before the first event. */
  | { type: 'started' }

/**
 * What the box notices about itself; `isPresent` false ends it. Report the bare fact at once: the engine applies the
 * table's delays (mains 60 s, clock 1 h, link 180 s). Repeating a fact that has not changed costs nothing.
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
    | 'camera-offline'
  isPresent: boolean
  /** The camera, for `camera-offline`; the box itself otherwise. */
  subject?: string
  /** Numbers and words for the text, such as the count salvaged. */
  facts?: Record<string, string | number>
  /** For the text instead of `facts`, in whole sentences. */
  remark?: BilingualText
}

/**
 * The engine's memory as keyed JSON documents. Values are never changed in place: `set` puts a new one, `undefined`
 * removes it. Keys: `alarm:{device}/{kind}` (`/drill` behind it for a drill's row), `past:{device}/{kind}`,
 * `zone:{id}`, `box`, and `device:{id}` for tracking. The shapes are in `documents.ts`; an alarm document's `alarm` is
 * the Alarm as it stands. Pass the same object at every call: what falls due when is indexed beside it. A `device:` document
 * depends on that device's own inputs alone, never on alarm documents, so that it can be replayed from the journal.
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

/** What a local rule asks of a device at once: the gateway publishes it after the commit. */
export interface LocalCommand {
  device: string
  do: string
  [parameter: string]: unknown
}

/** What happened that is no alarm: arming, the end of a bypass, a walk test. It becomes a LogRecord. */
export interface LogEntry {
  what: string
  facts: Record<string, unknown>
}

export interface Outcome {
  transitions: Transition[]
  commands: LocalCommand[]
  /** For LogRecords; the red lane never waits for them. */
  logs?: LogEntry[] | undefined
  /** The lane of the event itself: the most urgent colour it caused, undefined for routine. */
  colour?: Colour | undefined
  /** Remarks about the readings that travel with the event, such as `unconfirmed-step`, `flat`, `out-of-range`. */
  flags?: string[] | undefined
}

/** The engine for one configuration of zones, devices, limits and rules. */
export interface AlarmEngine {
  judge(memory: AlarmMemory, input: AlarmInput, now: Now): Outcome
  /** The steady time at which the next `tick` can change anything; Infinity when nothing waits. */
  nextDueMs(memory: AlarmMemory): number
  /** Call it after the documents were changed from outside, as an undo does: the next call indexes them anew. */
  forget(memory: AlarmMemory): void
}

export const devicePrefix = 'device:'

/** What a device said last of itself: part of the engine's document of it. */
export interface DeviceSaid {
  /** Steady time of its last message. */
  heardMs?: number
  batteryPercent?: number
  signalDbm?: number
}

export const readDeviceSaid = (memory: AlarmMemory, device: string): DeviceSaid =>
  (memory.get(devicePrefix + device) as DeviceSaid | undefined) ?? {}

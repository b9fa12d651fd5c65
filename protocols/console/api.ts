// The data of the box console: the answer of the gateway's `GET /api/v1/health`. Ages instead of wall times where
// possible: a box without a battery clock measures how long ago something was even without the date.
import type { Alarm, BilingualText } from '../domain/alarm.ts'
import type { Lane } from '../domain/colour.ts'
import type { ClockQuality } from '../domain/event.ts'
import type { Guard } from '../domain/guard.ts'
import type { PictureState } from '../domain/snapshot.ts'

/** Most devices, alarms and quarantine entries in one answer; the counts beside the lists are always complete. */
export const healthDevicesMax = 500
export const healthAlarmsMax = 200
export const healthQuarantineMax = 20

/** `GET /api/v1/health`, with `Cache-Control: no-store`. */
export interface HealthAnswer {
  v: 1
  box: HealthBox
  clock: HealthClock
  link: HealthLink
  /** Every lane, most urgent first when the page shows them. */
  lanes: Record<Lane, HealthLane>
  devices: HealthDevices
  /** Absent where there are none. */
  cameras?: HealthCamera[]
  alarms: HealthAlarms
  /** The armed, bypassed, tested and shelved items, and by whom. */
  guard: Guard
  quarantine: HealthQuarantine
  disk: HealthDisk
  journal: HealthJournal
  process: HealthProcess
  /** Absent if the system does not count written bytes. */
  flash?: HealthFlash
  /** What the board tells of itself. */
  board?: HealthBoard
  /** Absent without a modem and without an entry in the configuration. */
  sim?: HealthSim
  /** Absent where there are none. */
  bridges?: HealthBridge[]
  /** Faults of the box's files (such as a missing key file), and the devices that it refuses. Absent without any. */
  findings?: HealthFinding[]
  /** The certificate in use that ends first. */
  certificate?: { holder: string; endsAtMs: number }
  /** The last heads of the centre's audit trail, the newest first; absent before the first. */
  auditHeads?: HealthAuditHead[]
}

/** A fault by its code, with what its words name. */
export interface HealthFinding {
  code: string
  about?: string
  facts: Record<string, string | number>
}

/** The end of the centre's audit trail when the box got it: proof for `gengfu centre verify-audit --head`. */
export interface HealthAuditHead {
  entries: number
  head: string
  /** The box's wall time. */
  atMs: number
}

export interface HealthBox {
  id: string
  name: string
  village: string
  /** Of the gateway program. */
  version: string
  /** Counts the boots of the box, from 1. */
  boot: number
  /** How long the machine has been up. */
  sinceBootMs: number
}

export interface HealthClock {
  quality: ClockQuality
  /** The box's wall time, ms since 1970. */
  atMs: number
  /** Box minus centre by the latest Receipt; absent before the first one. */
  offsetMs?: number
  /** Nothing keeps either clock and they differ: the centre's time was not taken. */
  isDoubted?: boolean
}

/** `none`: no centre is configured. `waiting`: between two attempts. */
export const connectionStates = ['none', 'connecting', 'connected', 'waiting'] as const
export type ConnectionState = (typeof connectionStates)[number]

export interface HealthLink {
  state: ConnectionState
  /** How long it has been in this state. */
  forMs: number
  /** The centre's address, never with a user or a password in it. */
  url?: string
  /** Since the centre's latest Receipt; absent before the first one. */
  lastReceiptAgoMs?: number
  /** Measured, absent until known. */
  roundTripMs?: number
  bytesPerSecond?: number
  /** Why it is not connected. */
  problem?: BilingualText
}

export interface HealthLane {
  /** Last number written. */
  last: number
  /** Last number that the centre has receipted; `last - receipted` wait. */
  receipted: number
  /** Age of the oldest waiting record; absent when none waits or it is unknown. */
  oldestWaitingMs?: number
}

/** `unknown`: it sent nothing since the gateway started. */
export type DevicePresence = 'unknown' | 'present' | 'late' | 'silent'

export interface HealthDevice {
  id: string
  kind?: string
  /** Its own name and its zone's, where they have one. */
  name?: string
  zone?: string
  zoneName?: string
  presence: DevicePresence
  /** Listed, and not heard since the program started, although its time is over. */
  isUnheard?: true
  /** Since its latest message; absent when there was none. */
  lastHeardAgoMs?: number
  batteryPercent?: number
  /** When the battery will be flat at its present rate; absent until that is known. */
  flatAtMs?: number
  signalDbm?: number
  /** Messages that came again after they had been stored, since the program started; absent for none. */
  repeats?: number
  /** Messages that could not be read, since the program started; absent for none. */
  refused?: number
}

export interface HealthBoard {
  model?: string
  memory?: { freeBytes: number; totalBytes: number }
  temperatureC?: number
  /** Now, or at any time since the machine started. */
  isUndervolted?: boolean
  /** False: the box runs on its battery. */
  isOnMains?: boolean
}

export interface HealthSim {
  /** The installer's label. */
  card?: string
  operator?: string
  signalPercent?: number
  trafficBytes?: number
  /** The last day that is paid, `2027-03-31`. */
  expiresOn?: string
}

export interface HealthBridge {
  id: string
  name?: string
  dialect: string
  isConnected: boolean
}

export interface HealthDevices {
  known: number
  present: number
  /** At most `healthDevicesMax`, those that need attention (silent, late, unknown) first. */
  list: HealthDevice[]
}

/** How far a camera grants access: no answer, an answer, ONVIF without and with our sign-in. */
export type CameraReach = 'unreachable' | 'reachable' | 'up-without-auth' | 'up-with-auth'

export interface HealthCamera {
  id: string
  name: string
  zone: string
  /** Absent until the first request. */
  state?: CameraReach
  picture: PictureState
  /** The problem, for a person. */
  problem?: BilingualText
  /** The same as a fixed word, for a program. */
  problemCode?: string
  isOffline: boolean
  /** How long its latest answer took. */
  answerMs?: number
  lastPictureAgoMs?: number
  /** Its clock minus the box's; absent until known. */
  clockSkewMs?: number
  maker?: string
  model?: string
}

export interface HealthAlarm extends Alarm {
  /** Since it was raised; absent when no longer known. */
  raisedAgoMs?: number
}

export interface HealthAlarms {
  count: number
  /** Every alarm that has not ended, at most `healthAlarmsMax`, most urgent first. */
  list: HealthAlarm[]
}

export interface HealthQuarantineEntry {
  agoMs: number
  topic: string
  bytes: number
  /** Its error, in one line. */
  problem: string
  /** Its beginning if it is printable text, at most 200 characters. */
  excerpt?: string
}

export interface HealthQuarantine {
  count: number
  /** The latest, newest first, at most `healthQuarantineMax`. */
  latest: HealthQuarantineEntry[]
}

export interface HealthDisk {
  freeBytes: number
  totalBytes: number
}

export interface HealthJournal {
  epoch: string
  sizeBytes: number
  /** Records kept, waiting or not. */
  records: number
  /**
   * `filling`: more than 90 % is used. `dropping`: low lanes delete their oldest records. `salvaged`: opened damaged.
   */
  state: 'sound' | 'filling' | 'dropping' | 'salvaged' | 'rewound'
  /** Records deleted so far because the room was full. */
  droppedRecords: number
  lastCommitAgoMs?: number
}

export interface HealthProcess {
  uptimeMs: number
  residentBytes: number
  nodeVersion: string
}

/** How the box wears its flash card. */
export interface HealthFlash {
  /** Since the gateway started. */
  writtenBytes: number
  /** Absent during the first ten minutes. */
  bytesPerDay?: number
  /** How long an ordinary 16 GB card lasts at this rate, cautiously. */
  cardYears?: number
}

/** Most unlisted devices in one answer; the newest first. */
export const knockingMax = 500

/** `GET /api/v1/devices`: the listed, the unlisted and the locked-out devices. */
export interface DevicesAnswer {
  v: 1
  devices: ListedDevice[]
  knocking: UnregisteredDevice[]
  lockedOut: { address: string; was: string; by: string }[]
  /** Ids of the installer's file that were forgotten. */
  forgotten: string[]
  /** What an adopted device can be given. */
  kinds: string[]
  zones: { id: string; name?: string }[]
  bridges: { id: string; name?: string; dialect: string }[]
  /** False where the box was given no file to keep a change beside. */
  canChange: boolean
}

export interface ListedDevice extends HealthDevice {
  /** The hardware's own address, or the name under which it connects. */
  address: string
  via?: string
  /** Where its entry is: the installer's file, or the registry of the box. */
  source: 'file' | 'adopted'
}

export interface UnregisteredDevice {
  address: string
  /** The bridge that carries its messages; absent for one that connects itself. */
  via?: string
  dialect: string
  heardAgoMs?: number
  /** How often it sent. */
  messages?: number
  model?: string
  maker?: string
  /** The name it has at its bridge. */
  name?: string
  /** Readings that it can send and commands that it understands, by our names. */
  readings: string[]
  commands: string[]
  /** Its last message. */
  last?: Record<string, unknown>
  /** Its probable kind; absent if unknown. */
  kind?: string
  /** Other hardware took its place. */
  isLockedOut?: boolean
  /** It was refused when it connected: why, and what it lacks. */
  refused?: BilingualText
}

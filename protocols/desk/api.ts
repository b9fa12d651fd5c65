// The town centre's HTTP and WebSocket contract, shared by the centre and the pages. All times are ms since 1970.
import type { AlarmChange, BilingualText } from '../domain/alarm.ts'
import type { Colour, Lane } from '../domain/colour.ts'
import type { GuardTimes } from '../domain/guard.ts'
import type { BoxTime } from '../domain/event.ts'
import type { DeskAlarm } from './desk-alarm.ts'
import type { Role } from './roles.ts'
import type { Scope } from './scope.ts'
import type { CaseMessage, TypingMessage } from './cases.ts'
import type { DailyMark } from './daily.ts'
import type { CommandMessage } from './commands.ts'
import type { ShiftMessage } from './shifts.ts'
import type { JournalRecord } from '../domain/record.ts'
import type { Moment, PictureFile, PictureSize, PictureState } from '../domain/snapshot.ts'

export { answeringRoles, overseeingRoles, retiringRoles, roles, type Role } from './roles.ts'
export type { DeskAlarm } from './desk-alarm.ts'

/** `GET /api/v1/alarms?state=active|all&after=&limit=`: most urgent first, newest first within a colour. */
export interface AlarmsAnswer {
  alarms: DeskAlarm[]
  /** Alarms that can not be shown, by id: look at their records. Absent when there is none. */
  leftOut?: string[]
  /** Pass as `after` for the next page; absent on the last one. */
  next?: string
}

export type BoxPresence = 'unknown' | 'present' | 'late' | 'silent'

export interface LaneProgress {
  /** Everything 1..storedTo is stored. */
  storedTo: number
  /** Highest number that the box has written, by its own heartbeat. */
  announced: number
  /** Numbers that exist and are not stored: holes, and numbers lost by restoring an older backup of the centre. */
  missing: [from: number, to: number][]
  /** Numbers that the box no longer had when they should be sent: lost for good. */
  givenUp?: number
}

export interface BoxSummary {
  id: string
  name: string
  /** The box's own present name: shown once it is in the centre's configuration. */
  pendingName?: string
  presence: BoxPresence
  lastHeardAtMs?: number
  epoch?: string
  clock?: BoxTime['clock']
  lanes: Partial<Record<Lane, LaneProgress>>
  devices?: { known: number; present: number }
  /** The armed, bypassed, tested and shelved items there, and by whom; absent until the box has sent them. */
  guard?: GuardTimes
}

/** `GET /api/v1/villages`. */
export interface VillageSummary {
  id: string
  town?: string
  boxes: BoxSummary[]
  openAlarms: Record<Colour, number>
  /** The daily report that is due; absent from an older centre. */
  daily?: DailyMark
}
export interface VillagesAnswer {
  villages: VillageSummary[]
  /** Certificates in use that expire within thirty days, or have expired; the first to expire comes first. */
  certificates?: ExpiringCertificate[]
}

export interface ExpiringCertificate {
  /** `desk`, `uplink-0`, `authority-0`, or the id of a box. */
  use: string
  name: BilingualText
  endsAtMs: number
}

/** One stored record with its position. */
export interface StoredEvent {
  box: string
  epoch: string
  lane: Lane
  /** The lane's number inside the epoch. */
  number: number
  receivedAtMs: number
  /** Pass as `after` to continue after this one. */
  cursor: string
  record: JournalRecord
}

/**
 * `GET /api/v1/events?box=&after=&limit=`: every stored record. A walk without `after` reads the stored records in the
 * box's own order (epoch, sequence) and then all later ones: none is skipped, none comes twice.
 */
export interface EventsAnswer {
  events: StoredEvent[]
  /** Always present: continue with it, now or later. */
  next: string
  /** False when more is already stored. */
  isEnd: boolean
}

/** `POST /api/v1/login`, body `{user, password}`; also sets an HttpOnly cookie. */
export interface LoginAnswer {
  token: string
  /** A second factor has to be set up first: until then the session does nothing else. */
  mustEnrol?: true
  user: string
  role: Role
}

/** `GET /api/v1/me`, and `POST /api/v1/me/stay`, which extends the session by its full length. */
export interface MeAnswer {
  mustEnrol?: true
  user: string
  role: Role
  /** Towns and villages that this account sees; absent: all. */
  scope?: Scope
  /**
   * When the token expires without an extension; it is in the past while only a waiting red alarm keeps it valid.
   * Absent from an older centre.
   */
  expiresAtMs?: number
  /** By the same clock. */
  centreTimeMs?: number
  /** How long an alarm may wait to be accepted, by the town's rules; a colour without a limit is left out. */
  acceptLimitsMs?: Partial<Record<Colour, number>>
}

/** `POST /api/v1/villages/{boxId}/retire`: the box is removed for good and not listed, until it sends again. */
export interface RetireAnswer {
  box: string
  retired: true
}

/** `POST /api/v1/alarms/{id}/accept` and `.../seen`: the alarm after the change. */
export interface AlarmAnswer {
  alarm: DeskAlarm
}

/** 409 on accept: another person has accepted it; `alarm.acceptedBy` is the name. */
export interface ConflictAnswer extends ErrorAnswer {
  alarm: DeskAlarm
}

/** Why a file is missing, or will never come; `lost-at-box`: deleted there before it was sent. */
export const goneReasons = ['term', 'quota', 'asked', 'lost-at-box', 'not-a-picture', 'lost'] as const
export type GoneReason = (typeof goneReasons)[number]

/** One size of a picture. `taken`: the record is stored, the bytes are not. */
export interface DeskPictureFile extends PictureFile {
  state: 'taken' | 'on-the-way' | 'here' | 'gone'
  /** During the transfer: the stored part, 0 to 99. */
  percent?: number
  arrivedAtMs?: number
  goneWhy?: GoneReason
}

/** One picture of a camera, in two sizes; `GET /api/v1/pictures/{sha256}` returns the bytes of either. */
export interface DeskPicture {
  /** `{boxId}.{snapshot id at the box}`. */
  id: string
  box: string
  /** The alarm's id at the desk. */
  alarm?: string
  camera: string
  zone: string
  moment: Moment
  askedBy?: string
  taken: BoxTime
  isMasked: boolean
  picture: PictureState
  preview: DeskPictureFile
  full: DeskPictureFile
}

/** `GET /api/v1/alarms/{id}/pictures` and `GET /api/v1/boxes/{id}/pictures`: in the order in which they were taken. */
export interface PicturesAnswer {
  pictures: DeskPicture[]
}

/** `GET /api/v1/looks?alarm=&before=&limit=`: who got which picture, newest first. */
export interface LooksAnswer {
  looks: {
    atMs: number
    who: string
    role: Role
    box: string
    camera: string
    alarm?: string
    sha256: string
    size: PictureSize
  }[]
  /** Pass as `before` for the next page; absent on the last one. */
  next?: string
}

/** Every error: a code for programs, a sentence in both languages for people. */
export interface ErrorAnswer {
  error: { code: string; message: BilingualText }
}

/**
 * The messages of `/api/v1/stream`. Each stored one carries `position`; reconnect with `?after=position` to get the missed ones.
 */
export type StreamMessage =
  | { type: 'hello'; position: string; centreTimeMs: number }
  | { type: `alarm.${AlarmChange | 'stage'}`; position: string; alarm: DeskAlarm }
  | { type: 'picture.taken' | 'picture.arrived' | 'picture.gone'; position: string; picture: DeskPicture }
  | { type: 'box.presence'; position: string; box: BoxSummary; village: string }
  | { type: 'box.retired'; position: string; box: string; by: string }
  /** The missed messages can not be replayed: read the alarms and villages again. */
  | { type: 'resync'; position: string }
  | CommandMessage
  | CaseMessage
  | TypingMessage
  | ShiftMessage
  | { type: 'box.gap'; position: string; box: string; lane: Lane; missing: [number, number][] }

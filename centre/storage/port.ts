// Interface of storage: plain calls that SQLite answers today and another database can answer later.
import type { FoundToken, PasswordRow, SecurityEntry, SecurityRow, TokenRow } from './account-port.ts'
import type { Alarm, AlarmChange, Stage } from '../../protocols/domain/alarm.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'
import type { DeskAlarm, DeskPicture } from '../../protocols/desk/api.ts'
import type {
  CommandMessage as StreamedCommand,
  DeskCommand,
  DeskCommandState,
} from '../../protocols/desk/commands.ts'
import type { Scope } from '../../protocols/desk/scope.ts'
import type { SecurityEvent } from '../../protocols/desk/accounts.ts'
import type { PolicySettings } from '../cases/case-policy.ts'
import type { AuditFinding, TrailEntry } from '../cases/trail.ts'
import type { CaseReaderCalls, CaseWriterCalls } from './case-port.ts'
import type { ClusterReaderCalls, ClusterWriterCalls } from './intake/cluster-port.ts'
import type { EnrolmentReaderCalls, EnrolmentWriterCalls } from './enrolment-port.ts'
import type { FleetReaderCalls, FleetWriterCalls } from './fleet-port.ts'
import type { FamilyReaderCalls, FamilyWriterCalls } from './people/family-port.ts'
import type { SignInReaderCalls, SignInWriterCalls } from './people/sign-in-port.ts'
import type { SearchCriteria, SearchReaderCalls } from './search-port.ts'
import type { UpwardReaderCalls, UpwardWriterCalls } from './upward-port.ts'
import type { OutletReaderCalls, OutletWriterCalls } from './outlet-port.ts'
import type { VillageReaderCalls, VillageWriterCalls } from './village-port.ts'
import type { PeopleReaderCalls, PeopleWriterCalls } from './people-port.ts'
import type { ResponseReaderCalls, ResponseWriterCalls } from './response-port.ts'
import type { IntakeBatch, KnownLane, StoredIntake } from './intake/intake-port.ts'
import type { BoxMessage, StoredChange } from './stored-change.ts'
import type {
  PictureRow,
  PicturePlace,
  PictureLimits,
  GonePictures,
  PictureHolder,
  Look,
  LookRow,
} from './picture-port.ts'
import type { FigureReaderCalls } from './figure-port.ts'
import type { RetentionReaderCalls, RetentionWriterCalls } from './retention-port.ts'

export type {
  PictureRow,
  PicturePlace,
  PictureLimits,
  GonePictures,
  PictureHolder,
  Look,
  LookRow,
} from './picture-port.ts'
export type { BoxMessage, PictureMessage, StoredChange } from './stored-change.ts'
export type { BoxListing } from './village-port.ts'
export type { ClaimedBox } from './intake/cluster-port.ts'
export type { UpwardAnswer, UpwardLane, UpwardRecord, UpwardState } from './upward-port.ts'
export type {
  IntakeBatch,
  KnownLane,
  LaneBatch,
  QuarantineEntry,
  RecordConflict,
  RepeatedRecord,
  UnstorableRecord,
  StoredIntake,
} from './intake/intake-port.ts'
export type { NumberRange } from '../../protocols/kit/ranges.ts'

export type {
  Account,
  PasswordRow,
  TokenRow,
  FoundToken,
  SecurityEntry,
  SecurityRow,
} from './account-port.ts'

/** A call that a box could not store. */
export interface ReceivedUnstoredCall {
  box: string
  at: BoxTime
  alarm: Alarm
  receivedAtMs: number
}

/** A change of an alarm that the centre raises itself, such as box-silent. */
export interface OwnAlarmChange {
  box: string
  change: AlarmChange
  alarm: AlarmRecord['alarm']
  atMs: number
}

export interface KnownBox {
  id: string
  name: string
  lastHeardAtMs?: number
  /** Removed for good, until it sends again. */
  isRetired?: boolean
}

/** A stored value that the start could not use: left out or recomputed, and named in the log. */
export interface SetAside {
  box: string
  epoch?: string
  lane?: string
  alarm?: string
  why: string
}

/** Disk space of a stored record beside its text: its row and two entries of indexes. */
export const rowOverheadBytes = 100

/** A row that is left out because its JSON is damaged. */
export interface CorruptRow {
  table: string
  row: string
}

/** The state that a starting centre reads. */
export interface Remembered {
  boxes: KnownBox[]
  /** In the order in which the centre first received them. */
  epochs: { box: string; epoch: string }[]
  lanes: KnownLane[]
  lastPosition: number
  ownAlarms: DeskAlarm[]
  setAside: SetAside[]
}

export type StepOutcome = { type: 'done'; alarm: DeskAlarm; changes: StoredChange[] } | { type: 'unknown' }

export interface AlarmQuery {
  /** Then the newest come first. */
  find?: Omit<SearchCriteria, 'scope'> | undefined
  scope?: Scope | undefined
  state: 'active' | 'all'
  after?: string | undefined
  limit: number
}

/** `leftOut` lists alarms that can not be shown: an older version stored values too large for a page. */
export interface AlarmPage {
  alarms: DeskAlarm[]
  next?: string
  leftOut?: string[]
}

/** `body` is the record's JSON exactly as stored, except the time of an unsynced boot once its start is known. */
export interface EventRow {
  box: string
  epoch: string
  lane: Lane
  number: number
  receivedAtMs: number
  cursor: string
  body: string
}

export interface EventPage {
  rows: EventRow[]
  next: string
  isEnd: boolean
}

/** Calls of the one writer; each is one transaction, on disk when it answers. */
export interface WriterCalls
  extends
    CaseWriterCalls,
    RetentionWriterCalls,
    PeopleWriterCalls,
    ResponseWriterCalls,
    FamilyWriterCalls,
    SignInWriterCalls,
    VillageWriterCalls,
    OutletWriterCalls,
    EnrolmentWriterCalls,
    FleetWriterCalls,
    ClusterWriterCalls,
    UpwardWriterCalls {
  /** Only an answer: the thread works. */
  writerAnswers(): CorruptRow[]
  remember(configured: { id: string; name: string }[]): Remembered
  storeIntake(batch: IntakeBatch): StoredIntake
  /** A call that its box could not store becomes an alarm all the same. */
  storeUnstoredCall(call: ReceivedUnstoredCall): StoredChange[]
  /** Such calls that were accepted by then, and of which no record has come: nothing else would ever end them. */
  endUnrecordedCalls(acceptedBeforeMs: number, atMs: number): StoredChange[]
  /** The town's rules for cases; until it is called the defaults apply. */
  setCasePolicy(settings: PolicySettings): void
  seeAlarm(id: string, user: string, atMs: number): StepOutcome
  changeOwnAlarm(change: OwnAlarmChange): StoredChange[]
  noteBoxes(boxes: KnownBox[], messages: BoxMessage[]): StoredChange[]
  putUser(row: PasswordRow, atMs: number): void
  putToken(row: TokenRow): void
  extendToken(hash: string, expiresAtMs: number): void
  revokeToken(hash: string): void
  noteSecurity(entries: readonly SecurityEntry[]): void
  /** The secret of that name; if there is none, `fresh` is stored. */
  keepSecret(name: string, fresh: string): string
  /**
   * The box is removed for good: not listed, its silence no alarm, until it sends again. Undefined when it is
   * unknown.
   */
  retireBox(box: string, by: string, why: string, atMs: number): StoredChange[] | undefined
  /** Stores a new command; its trail contains the person. */
  askCommand(command: DeskCommand): StoredChange[]
  /** Undefined when the box has no such command, or the command can not enter that state any more. */
  moveCommand(box: string, id: string, step: CommandStep, isOpen: boolean): MovedCommand | undefined
  /** The centre no longer asks the box for its outcome. */
  closeCommand(id: string): void
  /** The file is complete and checked on the disk. */
  storePicture(box: string, sha256: string, atMs: number): StoredChange[]
  /** These are deleted from the disk next, or will never come. */
  dropPictures(gone: GonePictures, atMs: number): StoredChange[]
  /** Must be stored before the picture is handed out. */
  noteLook(look: Look): void
}

/** The state of a command. */
export interface CommandStep extends Pick<
  DeskCommand,
  'changedAtMs' | 'reason' | 'reached' | 'missed' | 'names' | 'snapshots'
> {
  state: Exclude<DeskCommandState, 'waiting'>
}

export interface MovedCommand {
  command: DeskCommand
  /** None when nothing shown on a desk has changed. */
  changes: StoredChange[]
}

export type CommandMessage = Omit<StreamedCommand, 'position'>

export interface PendingStage {
  alarm: string
  stage: Stage
  by?: string
  atMs: number
}

/** Calls that only read; they never wait for a writer. */
export interface ReaderCalls
  extends
    CaseReaderCalls,
    RetentionReaderCalls,
    FigureReaderCalls,
    PeopleReaderCalls,
    ResponseReaderCalls,
    FamilyReaderCalls,
    SignInReaderCalls,
    SearchReaderCalls,
    VillageReaderCalls,
    OutletReaderCalls,
    EnrolmentReaderCalls,
    FleetReaderCalls,
    ClusterReaderCalls,
    UpwardReaderCalls {
  setReaderCasePolicy(settings: PolicySettings): void
  /** Only an answer: the thread works. */
  readerAnswers(): CorruptRow[]
  /** Disk space of each box's records. */
  storedBytes(): { box: string; bytes: number }[]
  alarms(query: AlarmQuery): AlarmPage | undefined
  /** Also one that is over; undefined when there is none, or it can not be shown. */
  alarm(id: string): DeskAlarm | undefined
  /** Of these boxes, or of all. */
  openAlarmCounts(boxes?: readonly string[]): { box: string; colourRank: number; count: number }[]
  /** Stages above `centre` that a box may not have received, most urgent first. */
  pendingStages(box: string): PendingStage[]
  /** Undefined when `after` is not a valid cursor. */
  events(query: {
    scope?: Scope | undefined
    box?: string | undefined
    after?: string | undefined
    limit: number
  }): EventPage | undefined
  /** Changes after `after`, oldest first; undefined when the oldest of them are deleted. */
  changesAfter(after: number, limit: number): StoredChange[] | undefined
  lastPosition(): number
  /** Newest first. */
  commands(query: { box?: string | undefined; limit: number; scope?: Scope | undefined }): DeskCommand[]
  /** Those for which a box may still send a result, oldest first. */
  openCommands(): DeskCommand[]
  /** Reads the whole trail; `anchor` is a head that was stored outside the database. */
  verifyAudit(anchor?: string): AuditFinding
  trail(alarm: string): (TrailEntry & { hash: string })[]
  quarantined(): { box: string; topic: string; cause: string; atMs: number; bytes: number }[]
  password(user: string): PasswordRow | undefined
  /** One that is not revoked and expires after `nowMs`. */
  token(hash: string, nowMs: number): FoundToken | undefined
  /** Newest first, those before a position. */
  securityEntries(query: { what?: SecurityEvent | undefined; before: number; limit: number }): SecurityRow[]
  lastSecurityPosition(): number
  /** A red alarm that is no drill waits for an answer. */
  isRedWaiting(): boolean
  pictureFile(box: string, sha256: string): PictureRow | undefined
  /** Newest first. */
  picturesOfAlarm(alarm: string, limit: number): DeskPicture[]
  picturesOfBox(box: string, limit: number): DeskPicture[]
  /** Boxes that have this file, the requested one or some: the same bytes may belong to several. */
  findPicture(sha256: string, box?: string): PictureHolder[]
  picturesPastTerm(storedBeforeMs: number): PicturePlace[]
  /** The files to delete so that the rest fits, least needed first. */
  picturesOverQuota(limits: PictureLimits): PicturePlace[]
  /** SHA-256 of every stored file of the box. */
  picturesHere(box: string): string[]
  /** Of one box, or of all. */
  pictureBytes(box?: string): number
  /** Newest first, those before a position. */
  looks(query: {
    alarm?: string | undefined
    before: number
    limit: number
    scope?: Scope | undefined
  }): LookRow[]
}

type Asynchronous<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never
}

export type StorageCalls = WriterCalls & ReaderCalls
export interface Storage extends Asynchronous<StorageCalls> {
  close(): Promise<void>
}

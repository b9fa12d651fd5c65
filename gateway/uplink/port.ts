// Interface of the uplink: its parts, its events and its state.
import type { AuditHead } from '../../protocols/uplink/receipt.ts'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Alarm, BilingualText } from '../../protocols/domain/alarm.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { PictureSize, SnapshotFacts } from '../../protocols/domain/snapshot.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { PictureProblem } from '../../protocols/uplink/picture-receipt.ts'
import type { StageNotice } from '../../protocols/uplink/stage-notice.ts'
import type { CentreTime } from '../clock/port.ts'
import type { UplinkSettings } from '../config/uplink-settings.ts'
import type { Outbox } from '../journal/port.ts'

/** `deaf`: connected, but Reports get no Receipt. */
export const uplinkStates = ['down', 'connecting', 'up', 'deaf'] as const
export type UplinkState = (typeof uplinkStates)[number]

/** Facts of the heartbeat that are not about lanes. */
export type HeartbeatFacts = Omit<Heartbeat, 'v' | 'epoch' | 'name' | 'lanes' | 'atMs'>

export interface UplinkOptions {
  settings: UplinkSettings
  boxId: string
  boxName?: string | undefined
  outbox: Outbox
  logger: Logger
  clock: Clock
  random: Random
  metrics: Registry
  /** `isSent`: for a heartbeat that is sent now; only some of these hold the health of the box. */
  health: (isSent?: boolean) => HeartbeatFacts
  /** People acted on an alarm; the centre sent the notice. */
  onStage: (notice: StageNotice) => void
  onLink: (state: UplinkState, reason?: string) => void
  pictures?: PictureSource | undefined
  /** The end of the centre's audit trail, to be kept here. */
  onAuditHead?: (head: AuditHead) => void
  /** The data folder was restored to an earlier state: restart, which begins a new epoch. */
  onRolledBack?: (reason: string) => void
}

/** The picture store as the uplink sees it. None of the functions may throw. */
export interface PictureSource {
  /** A part of a stored file; undefined when it is gone from the box. */
  read(sha256: string, offset: number, length: number): Promise<Uint8Array | undefined>
  /** The centre has the complete file. */
  reached(sha256: string): void
  /** The centre has no record of it, or received wrong bytes; with the number of failures in a row. */
  refused(sha256: string, problem: PictureProblem, times: number): void
}

export interface LaneFacts {
  waiting: number
  /** Age of the oldest record without a Receipt by the box's wall clock, ms; 0 when nothing waits. */
  oldestAgeMs: number
}

export interface UplinkFacts {
  state: UplinkState
  /** How long it has been in this state, ms. */
  stateForMs: number
  /** Of the centre that it is connected to, or tries next. */
  address: string
  /** The reason why the last connection ended or the last attempt failed. */
  reason?: string
  lanes: Record<Lane, LaneFacts>
  /** Measured rate and round trip of the link; 0 while unknown. */
  bytesPerSecond: number
  roundTripMs: number
  /** Records that left the journal without a Receipt since the program started. */
  dropped: number
  /** Picture files that the centre does not have, and their bytes. */
  pictures: { waiting: number; bytes: number }
  words: BilingualText
}

export interface Uplink {
  start(): void
  /** The centre's wall clock, ms since 1970, late by the one-way time of the link, and whether anything keeps it. */
  onCentreTime(listener: (centre: CentreTime) => void): void
  /** A command of the centre, as received. */
  onCommand(listener: (payload: Uint8Array) => void): void
  stop(): Promise<void>
  /** False when its own timers or an attempt to connect no longer come to an end. */
  readonly isMoving: boolean
  facts(): Promise<UplinkFacts>
  /** Sends the outcome of a command; false without a connection. */
  sendResult(payload: Uint8Array): boolean
  /** An alarm that the journal refused is sent to the centre all the same; only red and orange ones. */
  sendUnstoredCall(at: BoxTime, alarm: Alarm): void
  /** A working connection is ended and made anew at once. */
  reopen(reason: string): void
  /** The content of the heartbeat has changed: it is sent now, before its time. */
  beat(): void
  /** These sizes of a picture must be sent; `isTried`: a part of it may be at the centre already. */
  addPicture(snapshot: SnapshotFacts, isTried: boolean, sizes?: readonly PictureSize[]): void
}

// What others see of the uplink: how it is made, what it tells, and how it is doing.
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
import type { UplinkSettings } from '../config/uplink-settings.ts'
import type { Outbox } from '../journal/port.ts'

/** `deaf`: connected, but Reports get no Receipt. */
export const linkStates = ['down', 'connecting', 'up', 'deaf'] as const
export type LinkState = (typeof linkStates)[number]

/** What the heartbeat says about the box beside its lanes. */
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
  health: () => HeartbeatFacts
  /** People acted on an alarm; the notice came from the centre. */
  onStage: (notice: StageNotice) => void
  onLink: (state: LinkState, reason?: string) => void
  pictures?: PictureSource | undefined
  /** The folder went back to an earlier state: start anew, which begins a new epoch. */
  onWentBack?: (reason: string) => void
}

/** Where pictures wait for the uplink, and what becomes of them. None of the calls may throw. */
export interface PictureSource {
  /** A part of a stored file; undefined when it is gone from the box. */
  read(sha256: string, offset: number, length: number): Promise<Uint8Array | undefined>
  /** The centre has all of it. */
  reached(sha256: string): void
  /** The centre has no record of it, or got bytes that are not it, for the so-manieth time in a row. */
  refused(sha256: string, problem: PictureProblem, times: number): void
}

export interface LaneFacts {
  waiting: number
  /** Age of the oldest record without a Receipt by the box's wall clock, ms; 0 when nothing waits. */
  oldestAgeMs: number
}

export interface UplinkFacts {
  state: LinkState
  /** How long it has been in this state, ms. */
  stateForMs: number
  /** Why the last connection ended or the last attempt failed. */
  reason?: string
  lanes: Record<Lane, LaneFacts>
  /** Measured rate and round trip of the link; 0 while unknown. */
  bytesPerSecond: number
  roundTripMs: number
  /** Records that left the journal without a Receipt since the program started. */
  dropped: number
  /** Files of pictures that the centre does not have, and their bytes. */
  pictures: { waiting: number; bytes: number }
  words: BilingualText
}

export interface Uplink {
  start(): void
  /** The centre's wall clock, ms since 1970, as it was one way of the link ago. */
  onCentreTime(listener: (wallMs: number) => void): void
  /** A command of the centre, as it came. */
  onCommand(listener: (payload: Uint8Array) => void): void
  stop(): Promise<void>
  facts(): Promise<UplinkFacts>
  /** Sends the outcome of a command; false when there is no link. */
  sendResult(payload: Uint8Array): boolean
  /** An alarm that the journal refuses goes up all the same; only red and orange ones do. */
  sendUnkept(at: BoxTime, alarm: Alarm): void
  /** What the heartbeat says has changed: it does not wait for its turn. */
  beat(): void
  /** These sizes of a picture are to travel; `isTried`: a part of it may be there already. */
  addPicture(snapshot: SnapshotFacts, isTried: boolean, sizes?: readonly PictureSize[]): void
}

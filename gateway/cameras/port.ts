// Interface of the cameras: they get alarms after the commit, no caller waits for them, and they hand back pictures and
// facts.
import type { Alarm, AlarmChange, BilingualText, Stage } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { DeviceEvent } from '../../protocols/domain/event.ts'
import type { PictureSize, PictureState, SnapshotFacts } from '../../protocols/domain/snapshot.ts'
import type { BoxFact } from '../alarms/port.ts'

export { moments, pictureStates } from '../../protocols/domain/snapshot.ts'
export type { Moment, PictureFile, PictureState } from '../../protocols/domain/snapshot.ts'

/**
 * One picture tied to an alarm, a request or a schedule; its record is sent before the bytes. `fetchedAt` is when the
 * box fetched it: the camera may have delivered a picture that it took earlier.
 */
export interface Snapshot extends SnapshotFacts {
  source: 'http' | 'rtsp'
  /** How long the camera took to answer, and how long until the picture was stored, in ms since the request. */
  answerMs: number
  readyMs: number
}

/**
 * The four states of EdgeX's ONVIF service: no answer; an answer; ONVIF without credentials; and with our credentials.
 */
export const cameraStates = ['unreachable', 'reachable', 'up-without-auth', 'up-with-auth'] as const
export type CameraState = (typeof cameraStates)[number]

/** Why it failed, for a person: a short fixed code for counters, a sentence in both languages. */
export interface Reason {
  code: string
  text: BilingualText
}

export interface CameraHealth {
  camera: string
  name: string
  zone: string
  /** Undefined until the first request. */
  state: CameraState | undefined
  picture: PictureState
  /** The plain reason for a problem; undefined without one. */
  reason: Reason | undefined
  /** True after several failures in a row: the alarm `camera-offline` stands. */
  isOffline: boolean
  failuresInRow: number
  lastAnswerMs: number | undefined
  lastPictureAtMs: number | undefined
  /** The camera's clock minus the box's; undefined until known. */
  clockSkewMs: number | undefined
  maker: string | undefined
  model: string | undefined
}

/** A fact to be recorded in the journal as a LogRecord. */
export interface CameraFact {
  what:
    | 'snapshot-taken'
    | 'snapshot-failed'
    | 'snapshot-deleted'
    | 'snapshot-looked-at'
    | 'camera-state'
    | 'camera-certificate-pinned'
    | 'camera-certificate-forgotten'
    | 'camera-password-set'
  /** The colour of its alarm. */
  colour: Colour | undefined
  facts: Record<string, unknown>
}

/** Receives the results of the cameras. None may throw; no caller waits for them. */
export interface CameraOutlets {
  /** A picture was taken; `taken` is its fact, whose record is sent before the bytes. */
  onSnapshot(snapshot: Snapshot, taken: CameraFact): void
  onFact(fact: CameraFact): void
  /** `camera-offline` begins or ends. */
  onBoxFact(fact: BoxFact): void
  /** Motion, tamper and digital inputs of cameras that report them, as readings of a device. */
  onEvent(event: DeviceEvent): void
}

/** The subject of a picture on request; its record is sent in the lane of that colour. */
export interface SnapshotSubject {
  alarm?: string | undefined
  colour?: Colour | undefined
  /** The centre's command that caused it. */
  command?: string | undefined
}

export type Taken = { ok: true; snapshot: Snapshot } | { ok: false; reason: Reason }

export interface Cameras {
  start(): Promise<void>
  stop(): Promise<void>
  /** Called for every alarm change after its commit; returns at once. */
  onAlarm(change: AlarmChange, alarm: Alarm): void
  /** Called for every stage of an answer: pictures of an alarm that is not closed outlive their term. */
  onStage(alarm: string, stage: Stage): void
  /** An urgent entry is on its way: for a moment the cameras' process is stopped. */
  pauseForAlarm(): void
  /** Takes one picture now, requested by a person; both sizes are stored. */
  take(camera: string, askedBy: string, subject?: SnapshotSubject): Promise<Taken>
  health(): CameraHealth[]
  /** Stored snapshots, newest first. */
  snapshots(filter?: { camera?: string; alarm?: string; limit?: number }): Snapshot[]
  /** A person views a picture: the view is logged first, then the picture is read. Undefined when it is gone. */
  look(request: LookRequest): Promise<Uint8Array | undefined>
  /** Pictures that the centre does not have, by the stored notes, oldest first. */
  unreached(): { snapshot: Snapshot; sizes: PictureSize[] }[]
  /** The centre has this file: noted with every snapshot of it, on disk some seconds later. */
  markReached(sha256: string): void
  /** Reads the complete file: false when it is gone, or was damaged and is now deleted. */
  verify(sha256: string): Promise<boolean>
  /**
   * Bytes for the uplink, from `offset`; this is not a view by a person. Undefined when the file is gone or damaged.
   */
  readFile(sha256: string, offset: number, length: number): Promise<Uint8Array | undefined>
  /** Deletes the picture from the disk and reports a fact. False when the id is unknown. */
  erase(snapshot: string, askedBy: string): Promise<boolean>
  /** Stores user and password encrypted, for a camera of the configuration. */
  setCredentials(camera: string, user: string, password: string, askedBy: string): Promise<void>
  /** Removes the pinned certificate, after the camera was replaced on purpose. */
  forgetCertificate(camera: string, askedBy: string): Promise<void>
}

export interface LookRequest {
  snapshot: string
  size: 'preview' | 'full'
  who: string
  /** Where the person looked from, such as `console`. */
  via: string
}

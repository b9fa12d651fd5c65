// What others see of the cameras: told of alarms after the commit, never waited for; they hand back pictures and facts.
import type { Alarm, AlarmChange, BilingualText, Stage } from '../../protocols/domain/alarm.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { DeviceEvent } from '../../protocols/domain/event.ts'
import type { PictureSize, PictureState, SnapshotFacts } from '../../protocols/domain/snapshot.ts'
import type { BoxFact } from '../alarms/port.ts'

export { moments, pictureStates } from '../../protocols/domain/snapshot.ts'
export type { Moment, PictureFile, PictureState } from '../../protocols/domain/snapshot.ts'

/**
 * One picture tied to an alarm, a request or a schedule; its record travels ahead of the bytes.
 * `fetchedAt` is when the box fetched it: the camera may have handed out a picture that it took earlier.
 */
export interface Snapshot extends SnapshotFacts {
  source: 'http' | 'rtsp'
  /** How long the camera took to answer, and how long until the picture was stored, in ms since it was asked for. */
  answerMs: number
  readyMs: number
}

/** The four states of EdgeX's ONVIF service: no answer; an answer; ONVIF without; and with our credentials. */
export const cameraStates = ['unreachable', 'reachable', 'up-without-auth', 'up-with-auth'] as const
export type CameraState = (typeof cameraStates)[number]

/** Why something failed, for a person: a short fixed code for counting, a sentence in both languages for reading. */
export interface Reason {
  code: string
  text: BilingualText
}

export interface CameraHealth {
  camera: string
  name: string
  zone: string
  /** Undefined until it was asked for the first time. */
  state: CameraState | undefined
  picture: PictureState
  /** Plain reason for whatever is not well; undefined when all is. */
  reason: Reason | undefined
  /** True after several failures in a row: the `camera-offline` alarm stands. */
  isOffline: boolean
  failuresInRow: number
  lastAnswerMs: number | undefined
  lastPictureAtMs: number | undefined
  /** The camera's clock minus ours; undefined until known. */
  clockSkewMs: number | undefined
  maker: string | undefined
  model: string | undefined
}

/** Something to be recorded in the journal as a LogRecord. */
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
  /** The colour of the alarm it belongs to. */
  colour: Colour | undefined
  facts: Record<string, unknown>
}

/** Where the cameras hand their results. None may throw; none is waited for. */
export interface CameraOutlets {
  /** A picture was taken; `taken` is the fact about it, whose record travels ahead of the bytes. */
  onSnapshot(snapshot: Snapshot, taken: CameraFact): void
  onFact(fact: CameraFact): void
  /** `camera-offline` begins or ends. */
  onBoxFact(fact: BoxFact): void
  /** Motion, tamper and digital inputs of cameras that offer them, as any device's readings. */
  onEvent(event: DeviceEvent): void
}

/** What a picture on request is about; its record travels in the lane of that colour. */
export interface Occasion {
  alarm?: string | undefined
  colour?: Colour | undefined
  /** The centre's command behind it. */
  command?: string | undefined
}

export type Taken = { ok: true; snapshot: Snapshot } | { ok: false; reason: Reason }

export interface Cameras {
  start(): Promise<void>
  stop(): Promise<void>
  /** Told of every alarm change after its commit; returns at once. */
  onAlarm(change: AlarmChange, alarm: Alarm): void
  /** Told how far people are: pictures of an alarm that is not closed outlive their term. */
  onStage(alarm: string, stage: Stage): void
  /** Something urgent is on its way: for a moment nothing of the cameras runs. */
  standStill(): void
  /** One picture now, asked for by a person; both sizes are stored. */
  take(camera: string, askedBy: string, occasion?: Occasion): Promise<Taken>
  health(): CameraHealth[]
  /** Stored snapshots, newest first. */
  snapshots(filter?: { camera?: string; alarm?: string; limit?: number }): Snapshot[]
  /** A person looks at a picture: written down first, then read. Undefined when it is not there any more. */
  look(request: LookRequest): Promise<Uint8Array | undefined>
  /** Pictures that the centre does not have, by what was noted of them, oldest first. */
  unreached(): { snapshot: Snapshot; sizes: PictureSize[] }[]
  /** The centre has this file: noted with every snapshot of it, on the disk some seconds later. */
  markReached(sha256: string): void
  /** Reads the whole file: false when it is gone, or was damaged and is deleted now. */
  verify(sha256: string): Promise<boolean>
  /** Bytes for the uplink, from `offset`; no look by a person. Undefined when it is gone or damaged. */
  readFile(sha256: string, offset: number, length: number): Promise<Uint8Array | undefined>
  /** Deletes the picture from the disk and says so in a fact. False when there is none of that id. */
  erase(snapshot: string, askedBy: string): Promise<boolean>
  /** Keeps user and password encrypted, for a camera of the configuration. */
  setCredentials(camera: string, user: string, password: string, askedBy: string): Promise<void>
  /** Forgets the pinned certificate, after the camera was replaced on purpose. */
  forgetCertificate(camera: string, askedBy: string): Promise<void>
}

export interface LookRequest {
  snapshot: string
  size: 'preview' | 'full'
  who: string
  /** Where they looked from, such as `console`. */
  via: string
}

// The messages between the box's process and the cameras' process. Bytes arrive as a view of the whole message.
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { PictureSource } from '../talk/camera-client.ts'
import type { CameraEventReport } from '../talk/onvif/camera-events.ts'
import type { CameraProblem, ProblemCode } from '../talk/camera-problem.ts'
import type { CameraFacts } from '../talk/onvif/onvif-session.ts'
import type { Polygon } from '../pictures/picture-work.ts'
import type { Urgency } from './slots.ts'

/** The requests about one camera; the answers are those of `CameraClient`. */
export type CameraQuestion =
  | { ask: 'probe' }
  | { ask: 'check' }
  | { ask: 'sources' }
  | { ask: 'fetch'; source: PictureSource }
  /** Fetched and processed, so that its bytes are transferred once. */
  | { ask: 'take'; source: PictureSource; masks: readonly Polygon[]; urgency: Urgency }
  | { ask: 'forget-facts' }
  /** A picture that was fetched before; it belongs to no camera. */
  | { ask: 'process'; bytes: Uint8Array; masks: readonly Polygon[]; urgency: Urgency }

export interface OpenCamera {
  settings: CameraSettings
  credentials: { user: string; password: string } | undefined
  pinned: string | undefined
  /** The camera has accepted a Digest of ours before. */
  hasDigest: boolean
}

export type CameraOrder =
  /** `key` is one opening of one camera: a new password opens it anew. */
  | { do: 'open'; key: number; camera: OpenCamera }
  | { do: 'close'; key: number }
  | { do: 'ask'; key: number; id: number; question: CameraQuestion }
  /** Abort it for this reason; the answer is sent in any case. */
  | { do: 'abort'; id: number; code: ProblemCode }
  /** Unsubscribe from the cameras and end. */
  | { do: 'end' }

export interface TornProblem {
  code: ProblemCode
  detail: string
  facts: CameraProblem['facts']
}

export type CameraReply =
  /** Sent once, at the start. */
  | { say: 'ready' }
  /** Sent from time to time while requests are open. */
  | { say: 'alive' }
  | { say: 'answer'; id: number; value: unknown; facts: CameraFacts | undefined; processes: number }
  | { say: 'problem'; id: number; problem: TornProblem; facts: CameraFacts | undefined; processes: number }
  /** The certificate that the camera showed first. */
  | { say: 'pinned'; key: number; fingerprint: string }
  /** The camera has accepted a Digest for the first time. */
  | { say: 'took-digest'; key: number }
  | { say: 'events'; key: number; report: CameraEventReport }
  /** The picture thread failed; requests that wait for a picture get their own answer. */
  | { say: 'trouble'; error: Error }

// What the box's process and that of the cameras say to each other. Bytes arrive as a view of the whole message.
import type { CameraSettings } from '../../config/camera-settings.ts'
import type { PictureSource } from '../talk/camera-client.ts'
import type { EventsTold } from '../talk/onvif/camera-events.ts'
import type { CameraProblem, ProblemCode } from '../talk/camera-problem.ts'
import type { CameraFacts } from '../talk/onvif/onvif-session.ts'
import type { Polygon } from '../pictures/picture-work.ts'
import type { Urgency } from './slots.ts'

/** What is asked of one camera; the answers are those of `CameraClient`. */
export type CameraQuestion =
  | { ask: 'probe' }
  | { ask: 'check' }
  | { ask: 'sources' }
  | { ask: 'fetch'; source: PictureSource }
  /** Fetched and developed, so that its bytes come over once. */
  | { ask: 'take'; source: PictureSource; masks: readonly Polygon[]; urgency: Urgency }
  | { ask: 'forget-facts' }
  /** A picture that was fetched before; of no camera. */
  | { ask: 'develop'; bytes: Uint8Array; masks: readonly Polygon[]; urgency: Urgency }

export interface OpenCamera {
  settings: CameraSettings
  credentials: { user: string; password: string } | undefined
  pinned: string | undefined
  /** It has taken a Digest of ours before. */
  hasDigest: boolean
}

export type CameraOrder =
  /** `key` is one opening of one camera: whoever sets a new password opens it anew. */
  | { do: 'open'; key: number; camera: OpenCamera }
  | { do: 'close'; key: number }
  | { do: 'ask'; key: number; id: number; question: CameraQuestion }
  /** Give it up for this reason; the answer comes all the same. */
  | { do: 'abort'; id: number; code: ProblemCode }
  /** Take leave of the cameras and end. */
  | { do: 'end' }

export interface TornProblem {
  code: ProblemCode
  detail: string
  facts: CameraProblem['facts']
}

export type CameraReply =
  /** Once, as it starts. */
  | { say: 'ready' }
  /** Now and then, while something is asked of it. */
  | { say: 'alive' }
  | { say: 'answer'; id: number; value: unknown; facts: CameraFacts | undefined; processes: number }
  | { say: 'problem'; id: number; problem: TornProblem; facts: CameraFacts | undefined; processes: number }
  /** The certificate that the camera showed first. */
  | { say: 'pinned'; key: number; fingerprint: string }
  /** The camera has taken a Digest for the first time. */
  | { say: 'took-digest'; key: number }
  | { say: 'events'; key: number; told: EventsTold }
  /** The thread of the pictures failed; whoever waited for one has an answer of its own. */
  | { say: 'trouble'; error: Error }

// What a run of successes and failures says about one camera: its state, its picture, the plain reason, and when it is offline.
import { reasonOf, type CameraProblem } from './talk/camera-problem.ts'
import type { Light } from './pictures/picture-work.ts'
import type { CameraState, PictureState, Reason } from './port.ts'

/** Failures in a row until the camera counts as offline: one may be a reboot or a lost packet. */
export const offlineAfter = 3
/** Mean luma below which a picture is dark, and spread below which a lens is covered (both of 0 to 255). */
const darkBelow = 12
const coveredBelow = 3
/** The same bytes this often, over at least this long, are a frozen picture: no sensor is without noise. */
const frozenAfterSame = 3
const frozenAfterMs = 30_000

export interface Condition {
  state: CameraState | undefined
  picture: PictureState
  reason: Reason | undefined
  failuresInRow: number
  isOffline: boolean
  lastAnswerMs: number | undefined
  lastPictureAtMs: number | undefined
}

export class CameraCondition {
  #now: Condition = {
    state: undefined,
    picture: 'unknown',
    reason: undefined,
    failuresInRow: 0,
    isOffline: false,
    lastAnswerMs: undefined,
    lastPictureAtMs: undefined,
  }
  #same = { source: '', count: 0, sinceMs: 0 }

  get current(): Condition {
    return this.#now
  }

  /** The camera answered as it should. */
  answered(state: CameraState, answerMs: number | undefined): Condition {
    const { state: known } = this.#now
    // That it is there takes nothing back of what a picture has shown.
    const isLess = state === 'reachable' && (known === 'up-with-auth' || known === 'up-without-auth')
    const isPictureBad = ['frozen', 'dark', 'covered'].includes(this.#now.picture)
    return this.#become({
      state: isLess ? known : state,
      failuresInRow: 0,
      isOffline: false,
      lastAnswerMs: answerMs ?? this.#now.lastAnswerMs,
      reason: isPictureBad ? this.#now.reason : undefined,
    })
  }

  /** A whole picture came; `source` is the hash of what the camera sent. */
  pictured(source: string, light: Light, nowMs: number, wallMs: number): PictureState {
    if (source === this.#same.source) this.#same.count++
    else this.#same = { source, count: 1, sinceMs: nowMs }
    const isFrozen = this.#same.count >= frozenAfterSame && nowMs - this.#same.sinceMs >= frozenAfterMs
    const picture: PictureState = isFrozen
      ? 'frozen'
      : light.mean < darkBelow
        ? 'dark'
        : light.spread < coveredBelow
          ? 'covered'
          : 'good'
    const reason = picture === 'good' ? undefined : reasonOf(picture)
    this.#become({ picture, reason, lastPictureAtMs: wallMs })
    return picture
  }

  failed(problem: CameraProblem): Condition {
    const failuresInRow = this.#now.failuresInRow + 1
    return this.#become({
      state: stateAfter(problem),
      picture: isPictureProblem(problem) ? 'bad' : this.#now.picture,
      reason: problem.reason,
      failuresInRow,
      isOffline: this.#now.isOffline || failuresInRow >= offlineAfter,
    })
  }

  #become(change: Partial<Condition>): Condition {
    this.#now = { ...this.#now, ...change }
    return this.#now
  }
}

const isPictureProblem = (problem: CameraProblem): boolean =>
  problem.code === 'not-a-picture' || problem.code === 'broken-picture'

function stateAfter({ code }: CameraProblem): CameraState {
  if (['no-answer', 'refused', 'name-unknown', 'no-route', 'own-address'].includes(code)) return 'unreachable'
  if (['wrong-password', 'no-password', 'unknown-auth', 'onvif-fault'].includes(code))
    return 'up-without-auth'
  return 'reachable'
}

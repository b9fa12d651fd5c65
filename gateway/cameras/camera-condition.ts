// Derives the condition of one camera from its successes and failures: state, picture, plain reason, and whether it is
// offline.
import { reasonOf, type CameraProblem } from './talk/camera-problem.ts'
import type { Light } from './pictures/picture-work.ts'
import type { CameraState, PictureState, Reason } from './port.ts'

/** Failures in a row until the camera counts as offline: a single one may be a reboot or a lost packet. */
export const offlineAfter = 3
/** Mean luma below which a picture is dark, and spread below which a lens counts as covered (both of 0 to 255). */
const darkBelow = 12
const coveredBelow = 3
/** The same bytes this often, over at least this long, are a frozen picture: every sensor has noise. */
const frozenAfterSame = 3
const frozenAfterMs = 30_000

export interface Condition {
  state: CameraState | undefined
  picture: PictureState
  reason: Reason | undefined
  /** Failed checks or failed pictures, the larger number. */
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
  /**
   * Counted separately: a camera that answers every check and gives no picture is one standing alarm, not one for each
   * check.
   */
  #lookFailures = 0
  #pictureFailures = 0
  /** The reason for the last missing picture. A successful check clears it only if the reason was "no answer". */
  #pictureProblem: CameraProblem | undefined

  get current(): Condition {
    return this.#now
  }

  /** A check found the camera well; `isOnlySign` if only checks can show that for a long time (private cameras). */
  looked(state: CameraState, isOnlySign: boolean): Condition {
    this.#lookFailures = 0
    if (isOnlySign && this.#pictureProblem && isAway(this.#pictureProblem)) this.#forgetPicture()
    const { state: known, picture, reason } = this.#now
    // An answer does not clear a problem that a picture has shown.
    const isLess = state === 'reachable' && (known === 'up-with-auth' || known === 'up-without-auth')
    const isPictureBad = ['frozen', 'dark', 'covered'].includes(picture)
    const isReasonKept = this.#pictureProblem !== undefined || isPictureBad
    return this.#become({
      state: isLess ? known : state,
      reason: this.#pictureProblem?.reason ?? (isReasonKept ? reason : undefined),
    })
  }

  /** The camera delivered a picture. */
  answered(state: CameraState, answerMs: number | undefined): Condition {
    this.#lookFailures = 0
    this.#forgetPicture()
    const isPictureBad = ['frozen', 'dark', 'covered'].includes(this.#now.picture)
    return this.#become({
      state,
      lastAnswerMs: answerMs ?? this.#now.lastAnswerMs,
      reason: isPictureBad ? this.#now.reason : undefined,
    })
  }

  #forgetPicture(): void {
    this.#pictureFailures = 0
    this.#pictureProblem = undefined
  }

  /** A complete picture; `source` is the hash of the camera's bytes. */
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

  /** A check or a picture failed. */
  failed(problem: CameraProblem, what: 'look' | 'picture'): Condition {
    if (what === 'look') this.#lookFailures++
    else {
      this.#pictureFailures++
      this.#pictureProblem = problem
    }
    return this.#become({
      state: stateAfter(problem),
      picture: isPictureProblem(problem) ? 'bad' : this.#now.picture,
      reason: problem.reason,
    })
  }

  #become(change: Partial<Condition>): Condition {
    const failuresInRow = Math.max(this.#lookFailures, this.#pictureFailures)
    const isOffline = failuresInRow >= offlineAfter || (this.#now.isOffline && failuresInRow > 0)
    this.#now = { ...this.#now, ...change, failuresInRow, isOffline }
    return this.#now
  }
}

/** The camera did not answer: a check that is answered clears this. */
const isAway = (problem: CameraProblem): boolean =>
  stateAfter(problem) === 'unreachable' || problem.code === 'slow' || problem.code === 'reset'

const isPictureProblem = (problem: CameraProblem): boolean =>
  ['not-a-picture', 'broken-picture', 'picture-kind'].includes(problem.code)

function stateAfter(problem: CameraProblem): CameraState {
  const { code } = problem
  if (['no-answer', 'refused', 'name-unknown', 'no-route', 'own-address'].includes(code)) return 'unreachable'
  if (problem.isSignIn || code === 'onvif-fault') return 'up-without-auth'
  return 'reachable'
}

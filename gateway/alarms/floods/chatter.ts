// Chattering below red: three changes inside the window hold the alarm's state, and its repeats are sent rarely. A red
// is never held; only its repeats that no person can make are sent together.
import type { AlarmDocument } from '../documents.ts'
import type { Judging } from '../judging.ts'

/** Records a raise or a return. From the limit on, the state is held until one window has passed without a change. */
export function noteChange(judging: Judging, document: AlarmDocument): AlarmDocument {
  const { alarm } = document
  if (alarm.colour === 'red' || alarm.isDrill || alarm.kind === 'storm') return document
  const { chatterWindowS, chatterChanges } = judging.settings.limits
  const nowMs = judging.now.steadyMs
  const windowMs = chatterWindowS * 1000
  const changesMs = [...document.changesMs.filter((atMs) => atMs > nowMs - windowMs), nowMs].slice(
    -chatterChanges,
  )
  return changesMs.length >= chatterChanges
    ? { ...document, changesMs, heldUntilMs: nowMs + windowMs }
    : { ...document, changesMs }
}

/** Repeats of one red that are sent one by one at once, far more than a person presses. */
export const redRepeatsAtOnce = 2000
/** And as many a second after those. */
export const redRepeatsPerSecond = 10

/**
 * Takes one of the repeats that this red may send by itself. Undefined if there is none: then a broken or hostile device
 * repeats it hundreds of times a second, which would take the red lane from the other devices of the village.
 */
export function takeRepeat(judging: Judging, document: AlarmDocument): AlarmDocument['repeats'] {
  const { steadyMs } = judging.now
  const { left, atMs } = document.repeats ?? { left: redRepeatsAtOnce, atMs: steadyMs }
  const grown = left + (Math.max(0, steadyMs - atMs) / 1000) * redRepeatsPerSecond
  const now = Math.min(redRepeatsAtOnce, grown)
  return now < 1 ? undefined : { left: now - 1, atMs: steadyMs }
}

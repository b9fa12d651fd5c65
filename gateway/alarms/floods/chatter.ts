// Chattering below red: three changes inside the window hold the alarm's state, and its repeats are sent rarely.
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

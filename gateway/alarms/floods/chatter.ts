// Chattering below red: three changes inside the window hold the alarm as it is, and its repeats are told rarely.
import type { AlarmDocument } from '../documents.ts'
import type { Judging } from '../judging.ts'

/** Notes a raise or a return. From the limit on, the alarm is held until the window has passed without another. */
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

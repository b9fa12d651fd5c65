// Which sounds the desk should make now. Pure: the same facts give the same sounds.
import { acceptDeadline, isWaiting, shownColour } from '../queue/accept-deadline.ts'
import type { BoardAlarm } from '../queue/alarm-board.ts'
import type { Sound } from './volume-and-pitch.ts'

/** A loss of the link shorter than this is not reported. */
export const blindAfterMs = 10_000

export interface SoundFacts {
  waiting: readonly BoardAlarm[]
  /** Alarms silenced by a person. */
  quiet: ReadonlySet<string>
  centreNowMs: number
  /** How long the centre has not been connected; undefined while it is. */
  blindForMs: number | undefined
  isBlindQuiet: boolean
  /** The session ended and reds may wait behind the form: the desk is blind too, at once. */
  isLockedOut: boolean
}

/** The sound of this alarm alone, silenced or not. */
export function makesSound(alarm: BoardAlarm, centreNowMs: number): 'red' | 'overdue' | undefined {
  if (!isWaiting(alarm)) return undefined
  const colour = shownColour(alarm)
  if (colour === 'red') return 'red'
  if (colour !== 'orange') return undefined
  return acceptDeadline(colour, alarm.waitingSinceMs, centreNowMs).lamp === 'overdue' ? 'overdue' : undefined
}

export function wantedSounds(facts: SoundFacts): Set<Sound> {
  const wanted = new Set<Sound>()
  for (const alarm of facts.waiting) {
    const sound = facts.quiet.has(alarm.id) ? undefined : makesSound(alarm, facts.centreNowMs)
    if (sound !== undefined) wanted.add(sound)
  }
  const isBlind = facts.isLockedOut || (facts.blindForMs ?? 0) >= blindAfterMs
  if (isBlind && !facts.isBlindQuiet) wanted.add('blind')
  return wanted
}

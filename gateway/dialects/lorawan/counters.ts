// Message ids from LoRaWAN's own frame counter. A counter starts again after a join, and in devices without a join
// (ABP) after a restart: the id then contains a new epoch, so that the first press after it does not count as a repeat
// of an old one.
import type { Knowledge, Learned } from '../port.ts'

/** Sessions kept per device: frames of the session before may still come after a join. */
export const sessionsMax = 4
/** Frames kept per session if the network server gives no times. */
export const recentMax = 32
/** The same counter this much later is another frame; earlier, it is a repeat. */
const sameFrameMs = 60_000

interface Session {
  key: string
  epoch: number
  last: number
  lastMs?: number
  /** `counter:sum` of frames without a time. */
  recent?: string[]
}
export interface Counters {
  joins: number
  sessions: Session[]
}

const counterKey = (device: string): string => `counter:${device}`
const empty: Counters = { joins: 0, sessions: [] }

export interface Counted {
  fCnt: number
  /** The device's address on the network, which each join changes. */
  session?: string | undefined
  /** The network server's time of the frame: distinguishes a repeat from a counter that started again. */
  timeMs?: number | undefined
  bytes: Uint8Array
}

function sumOf(bytes: Uint8Array): string {
  let sum = 7
  for (const byte of bytes) sum = (sum * 31 + byte) >>> 0
  return sum.toString(36)
}

/** True when the counter has started again since the last frame of this session. */
function isRestarted(session: Session, { fCnt, timeMs }: Counted, mark: string): boolean {
  if (fCnt > session.last) return false
  if (timeMs !== undefined && session.lastMs !== undefined)
    return fCnt === session.last ? timeMs - session.lastMs >= sameFrameMs : timeMs > session.lastMs
  return session.recent?.includes(mark) !== true
}

export function countFrame(
  known: Knowledge,
  device: string,
  frame: Counted,
): { messageId: string; learned: Learned[] } {
  const { fCnt, timeMs } = frame
  const counters = (known.get(counterKey(device)) ?? empty) as Counters
  const key = frame.session ?? `j${counters.joins}`
  const before = counters.sessions.find((session) => session.key === key)
  const mark = `${fCnt}:${sumOf(frame.bytes)}`
  const isNewEpoch = before !== undefined && isRestarted(before, frame, mark)
  const epoch = (before?.epoch ?? 0) + (isNewEpoch ? 1 : 0)
  const isNewest = !before || isNewEpoch || fCnt > before.last
  const lastMs = isNewest ? timeMs : before.lastMs
  const session: Session = {
    key,
    epoch,
    last: isNewest ? fCnt : before.last,
    ...(lastMs === undefined ? {} : { lastMs }),
    ...(timeMs === undefined ? { recent: [...(before?.recent ?? []), mark].slice(-recentMax) } : {}),
  }
  const others = counters.sessions.filter((other) => other.key !== key)
  const sessions = [...others, session].slice(-sessionsMax)
  return {
    messageId: `${key}.${epoch}-${fCnt}`,
    learned: [[counterKey(device), { joins: counters.joins, sessions }]],
  }
}

/** A join: a later frame without a session address belongs to a new session. */
export function countJoin(known: Knowledge, device: string): Learned[] {
  const { joins, sessions } = (known.get(counterKey(device)) ?? empty) as Counters
  return [[counterKey(device), { joins: joins + 1, sessions }]]
}

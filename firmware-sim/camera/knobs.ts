// Every possible fault of a simulated camera; all can be switched while it runs, alone or together.

export interface CameraKnobs {
  /** Waits this long before every answer. */
  slowMs: number
  /** Refuses every credential. */
  hasWrongAuth: boolean
  /** Its clock minus the real time. */
  clockOffsetMs: number
  /** Sent instead of a picture: a page with status 200, noise, a picture cut in half; or no HTTP at all. */
  garbage: 'none' | 'page' | 'noise' | 'cut' | 'not-http'
  /** A body that never ends: as fast as it is read, a byte a second, or picture after picture. */
  endless: 'none' | 'flood' | 'drip' | 'parts'
  /** No snapshot address: the stream only. */
  hasNoSnapshot: boolean
  /** A snapshot address that answers 404 with a page. */
  isSnapshotMissing: boolean
  /** Always the same bytes. */
  isFrozen: boolean
  isDark: boolean
  isCovered: boolean
  /** Breaks the connection off after the challenge, or in the middle of the picture. */
  reset: 'none' | 'after-challenge' | 'in-picture'
  /** Names another host in all its addresses. */
  foreignHost: string | undefined
  /** Declares its picture as text and its XML as UTF-16, puts junk before the first tag, and writes odd headers. */
  isSloppy: boolean
  /** Redirects a client that asks for the stream to another address, in the answer to this request. */
  streamRedirect: { at: 'OPTIONS' | 'DESCRIBE' | 'SETUP' | 'PLAY'; to: string } | undefined
  /** Accepts PLAY for the stream and sends nothing. */
  isStreamStalled: boolean
  /** Accepts connections and never answers. */
  isHung: boolean
}

export function noFaults(): CameraKnobs {
  return {
    slowMs: 0,
    hasWrongAuth: false,
    clockOffsetMs: 0,
    garbage: 'none',
    endless: 'none',
    hasNoSnapshot: false,
    isSnapshotMissing: false,
    isFrozen: false,
    isDark: false,
    isCovered: false,
    reset: 'none',
    foreignHost: undefined,
    isSloppy: false,
    streamRedirect: undefined,
    isStreamStalled: false,
    isHung: false,
  }
}

// In which order pictures travel: previews before full sizes, the newest alarm's first, and within an alarm as they were taken.
import type { PictureFile, PictureSize, SnapshotFacts } from '../../../protocols/domain/snapshot.ts'

/** What the order is made of; a higher `turn` was taken later. */
export interface PictureTurn {
  size: PictureSize
  /** Nobody waits for it: a picture taken by the clock. */
  isScheduled: boolean
  /** When its alarm, or itself where it has none, was first heard of. */
  groupTurn: number
  turn: number
}

/** Negative when `a` goes first. */
export function byTurn(a: PictureTurn, b: PictureTurn): number {
  return (
    Number(a.size === 'full') - Number(b.size === 'full') ||
    Number(a.isScheduled) - Number(b.isScheduled) ||
    b.groupTurn - a.groupTurn ||
    a.turn - b.turn
  )
}

/** The files of a snapshot that are to travel: one where a small picture is its own preview. */
export function filesOf({ preview, full }: SnapshotFacts): { file: PictureFile; size: PictureSize }[] {
  return preview.sha256 === full.sha256
    ? [{ file: preview, size: 'preview' }]
    : [
        { file: preview, size: 'preview' },
        { file: full, size: 'full' },
      ]
}

// The order in which pictures are sent: previews before full sizes, the newest alarm's first, and within an alarm in
// the order of taking.
import type { PictureFile, PictureSize, SnapshotFacts } from '../../../protocols/domain/snapshot.ts'

/** The fields that decide the order; a higher `turn` was taken later. */
export interface PictureTurn {
  size: PictureSize
  /** Not urgent: taken by a schedule. */
  isScheduled: boolean
  /** When its alarm first existed; for a picture without alarm, when the picture itself did. */
  groupTurn: number
  turn: number
}

/** Negative when `a` is sent first. */
export function byTurn(a: PictureTurn, b: PictureTurn): number {
  return (
    Number(a.size === 'full') - Number(b.size === 'full') ||
    Number(a.isScheduled) - Number(b.isScheduled) ||
    b.groupTurn - a.groupTurn ||
    a.turn - b.turn
  )
}

/** The files of a snapshot that are sent: one if a small picture is its own preview. */
export function filesOf({ preview, full }: SnapshotFacts): { file: PictureFile; size: PictureSize }[] {
  return preview.sha256 === full.sha256
    ? [{ file: preview, size: 'preview' }]
    : [
        { file: preview, size: 'preview' },
        { file: full, size: 'full' },
      ]
}

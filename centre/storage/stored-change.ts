// The changes of a commit for the stream.
import type { BoxSummary, DeskPicture } from '../../protocols/desk/api.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { NumberRange } from '../../protocols/kit/ranges.ts'

/** A message of the stream that is now on disk; `json` already contains its position. */
export interface StoredChange {
  position: number
  json: string
}

/** Messages of the stream about boxes; storage adds the position. */
export type BoxMessage =
  | { type: 'box.presence'; box: BoxSummary; village: string }
  | { type: 'box.gap'; box: string; lane: Lane; missing: NumberRange[] }
  | { type: 'box.retired'; box: string; by: string }

export interface PictureMessage {
  type: 'picture.taken' | 'picture.arrived' | 'picture.gone'
  picture: DeskPicture
}

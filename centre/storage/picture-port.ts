// Storage's part of pictures: their files, and every look at one.
import type { DeskPicture, GoneReason, Role } from '../../protocols/desk/api.ts'
import type { PictureSize } from '../../protocols/domain/snapshot.ts'

/** A file of a box's picture, as its records name it. */
export interface PictureRow {
  bytes: number
  /** It is here, or was, or will never come: nothing of it is wanted. */
  isSettled: boolean
}

export interface PicturePlace {
  box: string
  sha256: string
  bytes: number
}

/** How many bytes may stay, of one box or of all. */
export interface PictureLimits {
  box?: string | undefined
  bytesMax: number
}

export interface GonePictures {
  why: GoneReason
  files: { box: string; sha256: string }[]
}

/** A box of which a file is here, and what it shows there. */
export interface PictureHolder {
  box: string
  bytes: number
  uses: DeskPicture[]
}

/** A person was handed a picture. */
export interface Look {
  atMs: number
  who: string
  role: Role
  box: string
  sha256: string
  size: PictureSize
  alarm?: string | undefined
  camera: string
}

export interface LookRow extends Omit<Look, 'alarm'> {
  position: number
  alarm: string | null
}

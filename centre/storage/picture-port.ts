// Storage's part of pictures: their files, and the log of each view.
import type { DeskPicture, GoneReason, Role } from '../../protocols/desk/api.ts'
import type { PictureSize } from '../../protocols/domain/snapshot.ts'

/** A file of a box's picture, as named in its records. */
export interface PictureRow {
  bytes: number
  /** It is stored, or was, or will never come: no bytes of it are needed. */
  isSettled: boolean
}

export interface PicturePlace {
  box: string
  sha256: string
  bytes: number
}

/** How many bytes may be kept, of one box or of all. */
export interface PictureLimits {
  box?: string | undefined
  bytesMax: number
}

export interface GonePictures {
  why: GoneReason
  files: { box: string; sha256: string }[]
}

/** A box that has this file, and the subject of the picture there. */
export interface PictureHolder {
  box: string
  bytes: number
  uses: DeskPicture[]
}

/** A picture was handed to a person. */
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

// The centre's answer about a picture: the number of stored, synced bytes. Cumulative, so losing one is harmless.
import { z } from 'zod'
import { pictureBytesMax, sha256Pattern } from '../domain/snapshot.ts'

/**
 * Why the centre takes no more of it. `unknown`: it has no record of this picture, which must come first; `damaged`:
 * all bytes were there and did not match the SHA-256, they are deleted; `refused`: no room for it now.
 */
export const pictureProblems = ['unknown', 'damaged', 'refused'] as const
export type PictureProblem = (typeof pictureProblems)[number]

/** `storedTo` equal to the size: complete and checked, or complete once and deleted since. No more bytes are needed. */
export const pictureReceiptSchema = z.looseObject({
  v: z.literal(1),
  sha256: z.string().regex(sha256Pattern),
  /** Bytes 0 to storedTo - 1 are stored. */
  storedTo: z.number().int().min(0).max(pictureBytesMax),
  problem: z.enum(pictureProblems).optional(),
})

export interface PictureReceipt {
  v: 1
  sha256: string
  storedTo: number
  problem?: PictureProblem | undefined
}

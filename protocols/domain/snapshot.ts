// A Snapshot as records carry it: one picture of a camera, tied to an alarm, a request or a schedule, in two sizes.
import { z } from 'zod'
import { colours, type Colour } from './colour.ts'
import { clockQualities, type BoxTime } from './event.ts'
import { bootMax, sinceBootMsMax, wallMsMax } from './limits.ts'
import { deviceIdPattern } from './names.ts'

/** When a picture was taken in the life of its alarm, or the reason for one without an alarm. */
export const moments = ['before', 'at-once', 'after-2s', 'after-5s', 'on-demand', 'schedule'] as const
export type Moment = (typeof moments)[number]

/** The picture's own findings about the camera. */
export const pictureStates = ['unknown', 'good', 'frozen', 'dark', 'covered', 'bad'] as const
export type PictureState = (typeof pictureStates)[number]

export const pictureSizes = ['preview', 'full'] as const
export type PictureSize = (typeof pictureSizes)[number]

/** Largest picture that is sent, in bytes. */
export const pictureBytesMax = 8 * 1024 * 1024
export const sha256Pattern = /^[0-9a-f]{64}$/

/** A file: JPEG, named by the SHA-256 of its bytes. */
export interface PictureFile {
  sha256: string
  bytes: number
  width: number
  height: number
}

/** The facts of a `snapshot-taken` record that programs use; there may be more. */
export interface SnapshotFacts {
  id: string
  camera: string
  zone: string
  moment: Moment
  /** The box's own alarm id. */
  alarm?: string | undefined
  colour?: Colour | undefined
  askedBy?: string | undefined
  /** The centre's command that requested it. */
  command?: string | undefined
  fetchedAt: BoxTime
  full: PictureFile
  /** The same file as `full` if the picture is small. */
  preview: PictureFile
  isMasked: boolean
  picture: PictureState
}

const pixels = z.number().int().min(1).max(65_535)
const pictureFileSchema = z.object({
  sha256: z.string().regex(sha256Pattern),
  bytes: z.number().int().min(1).max(pictureBytesMax),
  width: pixels,
  height: pixels,
})

const snapshotId = z.string().regex(/^[0-9a-f]{8,64}$/)

export const snapshotFactsSchema = z.object({
  id: snapshotId,
  camera: z.string().regex(deviceIdPattern),
  zone: z.string().max(64),
  moment: z.enum(moments),
  alarm: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,80}$/)
    .optional(),
  colour: z.enum(colours).optional(),
  askedBy: z.string().max(80).optional(),
  command: z.string().max(80).optional(),
  fetchedAt: z.object({
    boot: z.number().int().min(0).max(bootMax),
    sinceBootMs: z.number().min(0).max(sinceBootMsMax),
    atMs: z.number().min(-wallMsMax).max(wallMsMax),
    clock: z.enum(clockQualities),
  }),
  full: pictureFileSchema,
  preview: pictureFileSchema,
  isMasked: z.boolean(),
  picture: z.enum(pictureStates),
})

/** Why a box deleted a picture: its term, its quota, a person's request, or a file damaged by the flash. */
export const deletionReasons = ['term', 'quota', 'asked', 'damaged'] as const
export type DeletionReason = (typeof deletionReasons)[number]

/** The facts of a `snapshot-deleted` record that programs use. */
export const snapshotDeletionSchema = z.object({ snapshot: snapshotId, reason: z.enum(deletionReasons) })

export const snapshotTaken = 'snapshot-taken'
export const snapshotDeleted = 'snapshot-deleted'

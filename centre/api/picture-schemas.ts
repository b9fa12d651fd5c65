// The API's messages about pictures as zod schemas; the compiler compares them with the types of protocols/desk/api.ts.
import { z } from 'zod'
import { clockQualities } from '../../protocols/domain/event.ts'
import { moments, pictureSizes, pictureStates, sha256Pattern } from '../../protocols/domain/snapshot.ts'
import { goneReasons, roles } from '../../protocols/desk/api.ts'
import { alarmIdParams } from './schemas.ts'

/** Most pictures, and most looks, in one answer. */
export const picturesMax = 200
export const looksMax = 1000

const count = z.number().int().min(0)
const ms = z.number().describe('ms since 1970')
const sha256 = z.string().regex(sha256Pattern)

/** The box of the picture: the view is logged for it. */
export const pictureQuery = z.object({ box: z.string().max(48).optional() })
export const picturesQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(picturesMax).default(40),
})

const pictureFile = z.object({
  sha256,
  bytes: count,
  width: count,
  height: count,
  state: z.enum(['taken', 'on-the-way', 'here', 'gone']),
  percent: count.max(99).optional(),
  arrivedAtMs: ms.optional(),
  goneWhy: z.enum(goneReasons).optional(),
})

export const picturesAnswer = z.object({
  pictures: z.array(
    z.object({
      id: z.string(),
      box: z.string(),
      alarm: z.string().optional(),
      camera: z.string(),
      zone: z.string(),
      moment: z.enum(moments),
      askedBy: z.string().optional(),
      taken: z.object({
        boot: count,
        sinceBootMs: z.number(),
        atMs: ms,
        clock: z.enum(clockQualities),
      }),
      isMasked: z.boolean(),
      picture: z.enum(pictureStates),
      preview: pictureFile,
      full: pictureFile,
    }),
  ),
})

export const looksQuery = z.strictObject({
  alarm: alarmIdParams.shape.id.optional(),
  before: z.coerce.number().int().min(1).default(Number.MAX_SAFE_INTEGER),
  limit: z.coerce.number().int().min(1).max(looksMax).default(200),
})

export const looksAnswer = z.object({
  looks: z.array(
    z.object({
      atMs: ms,
      who: z.string(),
      role: z.enum(roles),
      box: z.string(),
      camera: z.string(),
      alarm: z.string().optional(),
      sha256,
      size: z.enum(pictureSizes),
    }),
  ),
  next: z.string().optional(),
})

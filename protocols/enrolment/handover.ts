// The sheet that stays in a village when a box is handed over: what hangs where, that it was proven, pictures, contacts. The box makes it
// and sends it to its centre as gzip of JSON.
import { z } from 'zod'
import { boxIdPattern } from '../domain/names.ts'

export const handoverPicturesMax = 12
/** Of one picture, in Base64: the page makes it smaller. */
export const handoverPictureCharsMax = 600_000
/** The whole sheet, unpacked. */
export const handoverBytesMax = 6 * 1024 * 1024

const text = (max: number) => z.string().max(max)
const base64 = z
  .string()
  .max(handoverPictureCharsMax)
  .regex(/^[A-Za-z0-9+/]+=*$/)

export const handoverInputSchema = z.strictObject({
  contacts: z
    .array(z.strictObject({ role: z.enum(['village', 'town', 'repair']), name: text(60), phone: text(40) }))
    .max(3),
  remarks: text(2000),
  receivedBy: text(60),
  /** JPEG in Base64. */
  pictures: z.array(z.strictObject({ caption: text(120), jpeg: base64 })).max(handoverPicturesMax),
})
/** What a person adds to the facts of the box. */
export type HandoverInput = z.infer<typeof handoverInputSchema>

export const handoverSchema = z.strictObject({
  v: z.literal(1),
  box: z.string().regex(boxIdPattern),
  name: text(120),
  village: text(60),
  version: text(60),
  atMs: z.number(),
  by: text(80),
  link: z.strictObject({
    state: text(40),
    url: text(300).optional(),
    roundTripMs: z.number().optional(),
    bytesPerSecond: z.number().optional(),
  }),
  addresses: z.array(text(80)).max(32),
  test: z.strictObject({ by: text(80), atMs: z.number() }).optional(),
  devices: z
    .array(
      z.strictObject({
        id: text(64),
        name: text(120).optional(),
        kind: text(40),
        zone: text(120).optional(),
        place: text(120).optional(),
        isHeard: z.boolean(),
        signalDbm: z.number().optional(),
        batteryPercent: z.number().optional(),
        receiptMs: z.number().optional(),
      }),
    )
    .max(5000),
  cameras: z
    .array(z.strictObject({ id: text(64), name: text(120), zone: text(1200), isFine: z.boolean() }))
    .max(64),
  ...handoverInputSchema.shape,
})
export type Handover = z.infer<typeof handoverSchema>

export const emptyHandoverInput: HandoverInput = { contacts: [], remarks: '', receivedBy: '', pictures: [] }

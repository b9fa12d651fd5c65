// What another box needs to take the place of this one: kept at the centre, and given only to a box that knows a one-time code for the
// same name. Passwords of devices are in it as hashes, other secrets are not.
import { z } from 'zod'
import { guardListMax } from '../domain/guard.ts'

export const copyCharsMax = 1024 * 1024
const withheldMax = 200
const word = z.string().max(80)

export const boxCopySchema = z.object({
  v: z.literal(1),
  name: z.string().max(120).optional(),
  /** Sections of the configuration as it counts, devices that were adopted included. */
  sections: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/), z.unknown()),
  /** The file of device passwords: names and hashes. */
  passwords: z
    .string()
    .max(copyCharsMax / 2)
    .optional(),
  guard: z.object({
    zones: z.array(z.object({ id: word, isArmed: z.boolean() })).max(guardListMax),
    bypassed: z.array(z.object({ id: word, leftMs: z.number().min(0) })).max(guardListMax),
  }),
  /** Keys of secrets that a person has to enter again. */
  withheld: z.array(z.string().max(200)).max(withheldMax),
})
export type BoxCopy = z.infer<typeof boxCopySchema>

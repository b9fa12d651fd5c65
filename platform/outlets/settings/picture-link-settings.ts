// The part of an outlet's settings about links to one picture: off unless it is written down. For types whose receivers can open an address.
import { z } from 'zod'
import { urlFault } from './url-checks.ts'

export const pictureLinkShape = {
  /** A link in the message to the newest picture of its alarm that is known then: it opens once, and only for a while. */
  pictureLink: z
    .strictObject({
      /** Of this centre, as the receiver reaches it: `https://centre.town.example`. */
      baseUrl: z
        .string()
        .max(300)
        .refine((url) => urlFault(url) === undefined, 'https://HOST: plain http is allowed on loopback only')
        .transform((url) => url.replace(/\/+$/, '')),
      minutes: z.number().int().min(1).max(1440).default(60),
    })
    .optional(),
}

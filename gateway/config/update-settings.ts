// The `updates` section of the gateway's configuration: where new versions come from, and whose signature they must have.
import { z } from 'zod'
import { isLoopback } from '../../platform/loopback.ts'

/** https, or plain http on the machine itself: the signature protects the release, https who reads along. */
function isSafeSource(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

export const updateSettingsSchema = z.strictObject({
  /** The folder of releases; a centre offers its own under /releases/. Without it the box fetches nothing by itself. */
  url: z
    .string()
    .max(500)
    .refine(isSafeSource, 'https://HOST/releases/ (http only on this machine)')
    .optional(),
  /** Public keys of minisign; a release without a signature of one of them is never installed. */
  keyFile: z.string().min(1).default('/etc/gengfu/update.pub'),
  /** The authority of `url`; besides it those of the system are trusted. */
  caFile: z.string().min(1).optional(),
})

export type UpdateSettings = z.infer<typeof updateSettingsSchema>

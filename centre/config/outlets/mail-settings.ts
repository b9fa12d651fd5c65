// Settings of outlets that send e-mail.
import { z } from 'zod'
import { isLoopback } from '../../../platform/loopback.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { pictureLinkShape } from '../../../platform/outlets/settings/picture-link-settings.ts'
import { commonShape, host, port, text } from '../../../platform/outlets/settings/outlet-rules.ts'

const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, 'an address such as duty@town.example')

export const mailSchema = z.strictObject({
  ...commonShape,
  type: z.literal('mail'),
  host,
  port: port.default(587),
  /** `tls` from the first byte (port 465), `starttls` required (587), `none` on loopback only. */
  security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
  user: z.string().min(1).max(200).optional(),
  passwordFile: text.optional(),
  caFile: text.optional(),
  from: address,
  to: z.array(address).min(1).max(50),
  /** Red goes at once; the others are collected for so long into one e-mail. */
  groupMinutes: z.number().min(0).max(240).default(10),
  ...pictureLinkShape,
})
export type MailSettings = z.infer<typeof mailSchema>

export function checkMail(path: string, { security, host: at, user, passwordFile }: MailSettings): Problem[] {
  const problems: Problem[] = []
  if (security === 'none' && !isLoopback(at))
    problems.push({ path: `${path}.security`, message: 'tls or starttls: plain only on loopback' })
  if ((user === undefined) !== (passwordFile === undefined))
    problems.push({ path: `${path}.user`, message: 'user and passwordFile: both or neither' })
  return problems
}

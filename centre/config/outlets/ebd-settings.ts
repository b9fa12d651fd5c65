// Settings of outlets that write emergency broadcast messages (GD/J 082): signed packages in a folder, for the county's platform.
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { checkSteps, commonShape, text } from '../../../platform/outlets/settings/outlet-rules.ts'

const resource = z.string().regex(/^\d{23}$/, '23 digits, as the platform above has given them')
const area = z.string().regex(/^\d{12}$/, '12 digits of a division')

export const ebdSchema = z.strictObject({
  ...commonShape,
  type: z.literal('ebd'),
  /** One `EBDT_....tar` per message. */
  folder: z.string().min(1).max(1000),
  /** EBRID of this centre, and of the platform that takes the files. */
  source: resource,
  destination: resource.optional(),
  senderName: z.string().min(1).max(80),
  /** Absent: `source`. */
  senderCode: z.string().min(1).max(40).optional(),
  /** Where it is broadcast: the division of each village whose own id is not its 12 digits. */
  areas: z.record(z.string(), area).default({}),
  /** The broadcast ends after this. */
  broadcastMinutes: z.number().int().min(1).max(1440).default(30),
  /** SM2 private key in PEM, and the serial of its certificate. */
  keyFile: text,
  certificateSerial: z.string().regex(/^[0-9A-Fa-f]{1,40}$/, 'hexadecimal digits'),
  /** `raw`: r and s, 32 bytes each; `der`: the structure of GM/T 0009. */
  signature: z.enum(['raw', 'der']).default('raw'),
  /** It signs; OpenSSL 3. */
  opensslCommand: text.default('openssl'),
})
export type EbdSettings = z.infer<typeof ebdSchema>

/** A broadcast begins, and is cancelled. */
export const ebdSteps = ['raised', 'over', 'cancelled'] as const

export const checkEbd = (path: string, outlet: Pick<EbdSettings, 'rules' | 'followUps'>): Problem[] =>
  checkSteps(path, outlet, ebdSteps, 'an emergency broadcast has no message')

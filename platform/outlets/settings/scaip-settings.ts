// Settings of outlets to alarm receivers of social care by SCAIP (SS 91100:2014, CLC/TS 50134-9).
import { z } from 'zod'
import type { Problem } from '../../../protocols/kit/result.ts'
import { checkSteps, commonShape, host, port, text } from './outlet-rules.ts'

const controller = z.string().regex(/^\d{1,16}$/, '1 to 16 digits, as the receiver has given them')
export const sipUser = z.string().regex(/^[A-Za-z0-9_.+-]{1,64}$/, 'letters, digits, . _ + -')

export const scaipSchema = z.strictObject({
  ...commonShape,
  type: z.literal('scaip'),
  host,
  port: port.default(5060),
  /** `tls`: usually at port 5061. */
  transport: z.enum(['udp', 'tcp', 'tls']).default('tcp'),
  /** With `tls`: the authority of the server's certificate; absent: those that the system knows. */
  caFile: text.optional(),
  /** Of the receiver's address, in front of the @. */
  receiver: sipUser,
  /** Of both addresses, behind the @; absent: `host`. */
  domain: host.optional(),
  /** Our own address, in front of the @; also the name for the password. */
  user: sipUser,
  passwordFile: text.optional(),
  /** Absent: this machine's address on the way to the receiver. */
  localHost: host.optional(),
  localPort: port.optional(),
  /** Where the receiver is behind a registrar; absent: no registration. */
  registerSeconds: z.number().int().min(60).max(86_400).optional(),
  /** `cid`: who calls. */
  controller,
  /** Where the receiver has a number per village. */
  controllers: z.record(z.string(), controller).default({}),
  /** A heartbeat (`PI`) in this time; three without an answer are an alarm. */
  superviseSeconds: z.number().min(30).max(86_400).optional(),
})
export type ScaipSettings = z.infer<typeof scaipSchema>

/** SCAIP has messages for an alarm and for its reset. */
export const scaipSteps = ['raised', 'again', 'ended', 'over', 'cancelled'] as const

export const checkScaip = (
  path: string,
  outlet: Pick<ScaipSettings, 'rules' | 'followUps' | 'drills'>,
): Problem[] => [
  ...checkSteps(path, outlet, scaipSteps, 'SCAIP has no message'),
  // Only a text marks a drill, and a SCAIP receiver need not show texts.
  ...(outlet.drills
    ? [{ path: `${path}.drills`, message: 'a drill would look like an alarm at a SCAIP receiver' }]
    : []),
]

// Settings of outlets to a platform above by GB/T 28181, where the centre is the lower platform.
import { z } from 'zod'
import { gbIdPattern } from '../../../platform/gb28181/gb-codes.ts'
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { commonShape, host, port, text } from '../../../platform/outlets/settings/outlet-rules.ts'

const code = z.string().regex(gbIdPattern, '20 digits, as the platform above has given them')

const channelSchema = z.strictObject({
  code,
  name: z.string().min(1).max(80),
  /** Alarms of this village have this code; absent: the channel is in the catalogue only. */
  village: z.string().min(1).max(64).optional(),
  /** And of this device, zone or camera; absent: of all others of the village. */
  source: z.string().min(1).max(64).optional(),
})

export const gb28181Schema = z.strictObject({
  ...commonShape,
  type: z.literal('gb28181'),
  host,
  port: port.default(5060),
  /** `tls`: usually at port 5061. */
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** With `tls`: the authority of the server's certificate; absent: those that the system knows. */
  caFile: text.optional(),
  /** The platform above. */
  serverCode: code,
  /** Absent: the first ten digits of serverCode. */
  domain: z.string().min(1).max(64).optional(),
  /** This centre as the platform above knows it. */
  code,
  /** Absent: code. */
  user: z.string().min(1).max(64).optional(),
  passwordFile: text.optional(),
  /** Where the platform above reaches this centre; absent: found by itself, and any port. */
  localHost: host.optional(),
  localPort: port.optional(),
  edition: z.enum(['2016', '2022']).default('2016'),
  registerSeconds: z.number().int().min(60).max(86_400).default(3600),
  /** Three that stay without an answer are an alarm, and the centre registers anew. */
  keepaliveSeconds: z.number().min(5).max(600).default(60),
  /** What the catalogue shows: villages (type 134 or 215) and cameras (131, 132). */
  channels: z.array(channelSchema).max(2000).default([]),
  /** AlarmMethod by kind; absent: the table's, water as 2. */
  methods: z.partialRecord(z.enum(alarmKinds), z.number().int().min(1).max(7)).default({}),
})
export type Gb28181Settings = z.infer<typeof gb28181Schema>

/** GB/T 28181 has a message for an alarm, and none for what people do about it. */
export const gbSteps = ['raised', 'again', 'late', 'supervisor'] as const

export function checkGb28181(path: string, { channels, rules, code: own }: Gb28181Settings): Problem[] {
  const codes = channels.map((one) => one.code)
  const twice = channels.findIndex((one, at) => one.code === own || codes.indexOf(one.code) < at)
  const isKnown = (step: string): boolean => gbSteps.some((known) => known === step)
  const wrong = rules.flatMap(({ steps }) => steps).filter((step) => !isKnown(step))
  const known = `GB/T 28181 has no message for ${wrong.join(', ')}; steps: ${gbSteps.join(', ')}`
  return [
    ...(twice < 0 ? [] : [{ path: `${path}.channels.${twice}.code`, message: 'this code is used twice' }]),
    ...(wrong.length === 0 ? [] : [{ path, message: known }]),
  ]
}

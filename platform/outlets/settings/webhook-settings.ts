// Settings of outlets that are reached by HTTP.
import { z } from 'zod'
import { pictureLinkShape } from './picture-link-settings.ts'
import { commonShape, text } from './outlet-rules.ts'

export const webhookSchema = z.strictObject({
  ...commonShape,
  type: z.literal('webhook'),
  /** Of a robot it is a secret: then `urlFile`. */
  url: text.optional(),
  urlFile: text.optional(),
  /** `standard`: Standard Webhooks with the facts as JSON; the others are robots of groups. */
  template: z.enum(['standard', 'wecom', 'dingtalk', 'feishu']).default('standard'),
  /** Signs each message (WeCom signs nothing). */
  secretFile: text.optional(),
  bearerFile: text.optional(),
  caFile: text.optional(),
  ...pictureLinkShape,
})
export type WebhookSettings = z.infer<typeof webhookSchema>

// Settings of outlets that are reached by HTTP.
import { z } from 'zod'
import { isLoopback } from '../../loopback.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
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
})
export type WebhookSettings = z.infer<typeof webhookSchema>

/** Undefined when the address is good; `http` is allowed on loopback only, since what is sent names people. */
export function urlFault(url: string): string | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isGood =
    parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopback(parsed.hostname))
  return isGood ? undefined : 'https://HOST/PATH: plain http is allowed on loopback only'
}

export function checkUrl(
  path: string,
  { url, urlFile }: { url?: string | undefined; urlFile?: string | undefined },
): Problem[] {
  if ((url === undefined) === (urlFile === undefined))
    return [{ path: `${path}.url`, message: 'one of url and urlFile is needed' }]
  const message = url === undefined ? undefined : urlFault(url)
  return message === undefined ? [] : [{ path: `${path}.url`, message }]
}

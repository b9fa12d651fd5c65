// How a webhook proves where it comes from: Standard Webhooks (v1), and the signatures of the robots of DingTalk and Feishu.
import { createHmac } from 'node:crypto'

/** `whsec_` and base64, as Standard Webhooks writes secrets; any other text is the key itself. */
export function webhookKey(secret: string): Buffer {
  const [, encoded] = /^whsec_([A-Za-z0-9+/=]+)$/.exec(secret) ?? []
  return encoded === undefined ? Buffer.from(secret, 'utf8') : Buffer.from(encoded, 'base64')
}

export function standardSignature(secret: string, id: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', webhookKey(secret)).update(`${id}.${seconds}.${body}`)
  return `v1,${mac.digest('base64')}`
}

/** Goes into the query, with the time in ms. */
export function dingtalkSignature(secret: string, atMs: number): string {
  return createHmac('sha256', secret).update(`${atMs}\n${secret}`).digest('base64')
}

/** Time and secret together are the key; nothing is signed with it. Goes into the body, with the time in seconds. */
export function feishuSignature(secret: string, seconds: number): string {
  return createHmac('sha256', `${seconds}\n${secret}`).digest('base64')
}

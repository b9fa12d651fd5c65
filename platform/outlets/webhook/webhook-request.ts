// The request of each template, and what its answer means.
import { isObject, parseJson, scalarText } from '../../../protocols/kit/parse-json.ts'
import type { WebhookSettings } from '../settings/webhook-settings.ts'
import { answerBytesMax } from '../answer-bytes.ts'
import { isFinalStatus, type HttpAnswer, type HttpPost } from '../http-post.ts'
import type { OutletMessage } from '../message.ts'
import type { OutletAnswer } from '../port.ts'
import { dingtalkSignature, feishuSignature, standardSignature } from './signatures.ts'

export interface WebhookSecrets {
  url: string
  secret?: string | undefined
  bearer?: string | undefined
}

/** Chat robots refuse longer texts: WeCom accepts at most 2048 bytes. */
const robotTextCharsMax = 600

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'gengfu' }

function standardRequest(message: OutletMessage, words: string, atMs: number, secrets: WebhookSecrets) {
  const body = JSON.stringify({
    type: `case.${message.step}`,
    timestamp: new Date(message.atMs).toISOString(),
    data: { ...message, words },
  })
  const seconds = Math.floor(atMs / 1000)
  const { url, secret, bearer } = secrets
  return {
    url,
    body,
    headers: {
      ...jsonHeaders,
      'webhook-id': message.id,
      'webhook-timestamp': String(seconds),
      ...(secret === undefined
        ? {}
        : { 'webhook-signature': standardSignature(secret, message.id, seconds, body) }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
  }
}

function dingtalkUrl({ url, secret }: WebhookSecrets, atMs: number): string {
  if (secret === undefined) return url
  const signed = new URL(url)
  signed.searchParams.set('timestamp', String(atMs))
  signed.searchParams.set('sign', dingtalkSignature(secret, atMs))
  return signed.href
}

function feishuSign({ secret }: WebhookSecrets, atMs: number): object {
  if (secret === undefined) return {}
  const seconds = Math.floor(atMs / 1000)
  return { timestamp: String(seconds), sign: feishuSignature(secret, seconds) }
}

export function webhookRequest(
  template: WebhookSettings['template'],
  message: OutletMessage,
  words: string,
  atMs: number,
  secrets: WebhookSecrets,
): HttpPost {
  const link = message.pictureUrl === undefined ? '' : ` ${message.pictureUrl}`
  const text = `${words.slice(0, robotTextCharsMax - link.length)}${link}`
  const robot = (url: string, body: object): HttpPost => ({
    url,
    headers: jsonHeaders,
    body: JSON.stringify(body),
  })
  switch (template) {
    case 'standard':
      return standardRequest(message, words, atMs, secrets)
    case 'wecom':
      return robot(secrets.url, { msgtype: 'text', text: { content: text } })
    case 'dingtalk':
      return robot(dingtalkUrl(secrets, atMs), { msgtype: 'text', text: { content: text } })
    case 'feishu':
      return robot(secrets.url, { ...feishuSign(secrets, atMs), msg_type: 'text', content: { text } })
  }
}

/** Chat robots answer 200 to every request. Only the code in the body counts: 0 means accepted. */
function robotCode(text: string): string | undefined {
  const parsed = parseJson(text, answerBytesMax)
  if (!parsed.ok || !isObject(parsed.value)) return undefined
  const { errcode, code, StatusCode } = parsed.value
  return scalarText(errcode ?? code ?? StatusCode)
}

/** A receiver that stores what it gets may say `{"confirmed": true}`. */
function isConfirmed(text: string): boolean {
  const parsed = parseJson(text, answerBytesMax)
  return parsed.ok && isObject(parsed.value) && parsed.value['confirmed'] === true
}

export function judgeAnswer(
  template: WebhookSettings['template'],
  { status, text }: HttpAnswer,
): OutletAnswer {
  const words = `${status} ${text}`
  if (status < 200 || status > 299)
    return { state: 'refused', words, ...(isFinalStatus(status) ? { isFinal: true } : {}) }
  if (template === 'standard') return { state: isConfirmed(text) ? 'confirmed' : 'handed-over', words }
  return robotCode(text) === '0' ? { state: 'handed-over', words } : { state: 'refused', words }
}

// Messages as HTTP requests: Standard Webhooks for programs, and the robots of WeCom, DingTalk and Feishu for groups of people.
import { readFileSync } from 'node:fs'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { WebhookSettings } from '../settings/webhook-settings.ts'
import { httpPost, requestText, type HttpPost } from '../http-post.ts'
import type { OutletMessage } from '../message.ts'
import type { Outlet } from '../port.ts'
import { judgeAnswer, webhookRequest, type WebhookSecrets } from './webhook-request.ts'

export interface WebhookOptions {
  settings: WebhookSettings
  textOf: (message: OutletMessage) => string
  clock: Clock
}

const textIn = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, 'utf8').trim()

/** Read at each attempt: a changed secret needs no restart. */
const secretsOf = ({ url, urlFile, secretFile, bearerFile }: WebhookSettings): WebhookSecrets => ({
  url: url ?? textIn(urlFile) ?? '',
  secret: textIn(secretFile),
  bearer: textIn(bearerFile),
})

export function createWebhookOutlet({ settings, textOf, clock }: WebhookOptions): Outlet {
  const requestOf = (message: OutletMessage): HttpPost => ({
    ...webhookRequest(
      settings.template,
      message,
      textOf(message),
      Math.round(clock.wallMs()),
      secretsOf(settings),
    ),
    caFile: settings.caFile,
  })
  return {
    preview: (messages) => messages.map((message) => requestText(requestOf(message))).join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      return judgeAnswer(settings.template, await httpPost(requestOf(message), signal))
    },
  }
}

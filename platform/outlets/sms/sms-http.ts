// One short message by a provider's HTTP interface: a body with places for the number and the words.
import { readFileSync } from 'node:fs'
import type { SmsSettings } from '../settings/sms-settings.ts'
import { requestText, type HttpPost } from '../http-post.ts'
import { fillTemplate, hideTemplate } from '../template.ts'

type SmsHttp = NonNullable<SmsSettings['http']>

const places = ['phone', 'text']

export const fillBody = (http: Pick<SmsHttp, 'body' | 'contentType'>, phone: string, text: string): string =>
  fillTemplate(
    http,
    new Map([
      ['phone', phone],
      ['text', text],
    ]),
  )

export function smsRequest(http: SmsHttp, phone: string, text: string): HttpPost {
  const bearer = http.bearerFile === undefined ? undefined : readFileSync(http.bearerFile, 'utf8').trim()
  return {
    url: http.url ?? readFileSync(http.urlFile ?? '', 'utf8').trim(),
    headers: {
      'content-type': `${http.contentType}; charset=utf-8`,
      'user-agent': 'gengfu',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    body: fillBody(http, phone, text),
    caFile: http.caFile,
  }
}

export const hideSecrets = (http: Pick<SmsHttp, 'body' | 'contentType'>): string => hideTemplate(http, places)

/** For the test button. */
export function shownRequest(http: SmsHttp, phone: string, text: string): string {
  return requestText(smsRequest({ ...http, body: hideSecrets(http) }, phone, text))
}

// One short message by a provider's HTTP interface: a body with places for the number and the words.
import { readFileSync } from 'node:fs'
import type { SmsSettings } from '../../config/outlets/sms-settings.ts'
import type { HttpPost } from '../http-post.ts'

type SmsHttp = NonNullable<SmsSettings['http']>

/** Escaped, so that no word of a villager changes the request. */
export function fillBody(
  { body, contentType }: Pick<SmsHttp, 'body' | 'contentType'>,
  phone: string,
  text: string,
): string {
  const escape = (value: string): string =>
    contentType === 'application/json' ? JSON.stringify(value).slice(1, -1) : encodeURIComponent(value)
  return body.replace(/\{(phone|text)\}/g, (_all, name: string) => escape(name === 'phone' ? phone : text))
}

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

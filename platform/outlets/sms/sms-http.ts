// One short message by a provider's HTTP interface: a body with places for the number and the words.
import { readFileSync } from 'node:fs'
import type { SmsSettings } from '../settings/sms-settings.ts'
import { requestText, type HttpPost } from '../http-post.ts'

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

const places = /\{(?:phone|text)\}/g
/** What stands in a text beside the places may be a key of the provider. */
const onlyPlaces = (text: string): string => text.match(places)?.join('') ?? '...'

function hidden(node: unknown): unknown {
  if (typeof node === 'string') return onlyPlaces(node)
  if (Array.isArray(node)) return node.map(hidden)
  if (typeof node === 'object' && node !== null)
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, hidden(value)]))
  return typeof node === 'number' ? '...' : node
}

/** The body with its places, without everything else that is a value in it. */
export function hideSecrets({ body, contentType }: Pick<SmsHttp, 'body' | 'contentType'>): string {
  if (contentType === 'application/x-www-form-urlencoded')
    return body
      .split('&')
      .map((pair) => pair.replace(/=(.*)$/s, (_all, value: string) => `=${onlyPlaces(value)}`))
      .join('&')
  try {
    return JSON.stringify(hidden(JSON.parse(body)))
  } catch {
    return onlyPlaces(body)
  }
}

/** For the test button. */
export function shownRequest(http: SmsHttp, phone: string, text: string): string {
  return requestText(smsRequest({ ...http, body: hideSecrets(http) }, phone, text))
}

// Loudspeakers and signs with an HTTP interface of their own.
import { readFileSync } from 'node:fs'
import { httpPost, isFinalStatus, requestText, type HttpPost } from '../http-post.ts'
import type { OutletMessage } from '../message.ts'
import type { Outlet } from '../port.ts'
import type { SpeakerHttpSettings } from '../settings/speaker-settings.ts'
import { fillTemplate, hideTemplate } from '../template.ts'
import { speakerPlaces, speakerValues } from './speaker-text.ts'

const textIn = (file: string): string => readFileSync(file, 'utf8').trim()

function authorization({ bearerFile, basicFile }: SpeakerHttpSettings): Record<string, string> {
  if (bearerFile !== undefined) return { authorization: `Bearer ${textIn(bearerFile)}` }
  if (basicFile === undefined) return {}
  return { authorization: `Basic ${Buffer.from(textIn(basicFile)).toString('base64')}` }
}

export function createSpeakerHttpOutlet(settings: SpeakerHttpSettings): Outlet {
  const { url, urlFile, contentType, caFile, okText, language } = settings
  const requestOf = (body: string, message: OutletMessage): HttpPost => ({
    url: url ?? textIn(urlFile ?? ''),
    headers: {
      'content-type': `${contentType}; charset=utf-8`,
      'user-agent': 'gengfu',
      ...authorization(settings),
    },
    body: fillTemplate({ body, contentType }, speakerValues(message, language)),
    caFile,
  })
  return {
    preview: (messages) =>
      messages
        .map((message) => requestText(requestOf(hideTemplate(settings, speakerPlaces), message)))
        .join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      const { status, text } = await httpPost(requestOf(settings.body, message), signal)
      const words = `${status} ${text}`
      if (status < 200 || status > 299)
        return { state: 'refused', words, ...(isFinalStatus(status) ? { isFinal: true } : {}) }
      if (okText !== undefined && !text.includes(okText)) return { state: 'refused', words }
      return { state: 'handed-over', words }
    },
  }
}

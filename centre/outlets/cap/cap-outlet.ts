// CAP 1.2 as files in a folder, or by HTTP.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import type { CapSettings } from '../../config/outlets/cap-settings.ts'
import { httpPost, isFinalStatus, type HttpPost } from '../../../platform/outlets/http-post.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet } from '../../../platform/outlets/port.ts'
import { capDocument } from './cap-document.ts'

export interface CapOutletOptions {
  settings: CapSettings
  textOf: (message: OutletMessage) => string
  utcOffsetMin: (atMs: number) => number
}

export function createCapOutlet({ settings, textOf, utcOffsetMin }: CapOutletOptions): Outlet {
  const { folder, sender, senderName, events, bearerFile } = settings
  const documentOf = (message: OutletMessage): string =>
    capDocument(message, { ...settings, senderName: senderName ?? sender, events, textOf, utcOffsetMin })

  function requestOf(body: string): HttpPost {
    const { url, urlFile, caFile } = settings
    const bearer = bearerFile === undefined ? undefined : readFileSync(bearerFile, 'utf8').trim()
    return {
      url: url ?? readFileSync(urlFile ?? '', 'utf8').trim(),
      headers: {
        'content-type': 'application/cap+xml; charset=utf-8',
        'user-agent': 'gengfu',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body,
      caFile,
    }
  }

  return {
    preview: (messages) => messages.map(documentOf).join('\n'),
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      const document = documentOf(message)
      if (folder !== undefined) {
        const name = `${message.case}-${message.id}.xml`
        await replaceFile(join(folder, name), document, { mode: 0o640 })
        return { state: 'handed-over', words: name }
      }
      const { status, text } = await httpPost(requestOf(document), signal)
      const words = `${status} ${text}`
      if (status >= 200 && status < 300) return { state: 'handed-over', words }
      return { state: 'refused', words, ...(isFinalStatus(status) ? { isFinal: true } : {}) }
    },
  }
}

// Messages as files in a folder, one JSON document each, for a program of the town that takes them from there.
import { join } from 'node:path'
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet } from '../../../platform/outlets/port.ts'

export interface FileOutletOptions {
  folder: string
  textOf: (message: OutletMessage) => string
}

export function createFileOutlet({ folder, textOf }: FileOutletOptions): Outlet {
  const documentOf = (message: OutletMessage): string =>
    `${JSON.stringify({ ...message, words: textOf(message) }, null, 2)}\n`
  return {
    preview: (messages) => messages.map(documentOf).join(''),
    send: async ([message]) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      const name = `${message.id}.json`
      await replaceFile(join(folder, name), documentOf(message), { mode: 0o640 })
      return { state: 'handed-over', words: name }
    },
  }
}

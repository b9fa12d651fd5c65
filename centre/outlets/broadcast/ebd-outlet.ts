// Emergency broadcast messages as signed packages in a folder, from where the county's platform takes them.
import { join } from 'node:path'
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import { tarOf } from '../../../platform/support/tar.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet } from '../../../platform/outlets/port.ts'
import type { EbdSettings } from '../../config/outlets/ebd-settings.ts'
import { areaOf, ebdDocument, ebdId, signatureDocument, type EbdOptions } from './ebd-document.ts'
import { sm2Signature } from './sm2-signature.ts'

export interface EbdOutletOptions extends EbdOptions {
  settings: EbdSettings
}

export function createEbdOutlet(options: EbdOutletOptions): Outlet {
  const { settings } = options
  async function filesOf(message: OutletMessage, signal: AbortSignal) {
    const id = ebdId(message, options)
    const document = Buffer.from(ebdDocument(message, options))
    const signature = await sm2Signature(settings, document, signal)
    const name = `EBDB_${id}.xml`
    const signed = Buffer.from(signatureDocument(id, settings.certificateSerial, signature))
    return {
      package: `EBDT_${id}.tar`,
      files: [
        { name, content: document },
        { name: `EBDS_${name}`, content: signed },
      ],
    }
  }
  return {
    preview: async (messages) => {
      const made = await Promise.all(
        messages.map((message) => filesOf(message, AbortSignal.timeout(settings.timeoutSeconds * 1000))),
      )
      return made
        .flatMap((one) =>
          one.files.map(({ name, content }) => `${one.package} ${name}\n${content.toString()}`),
        )
        .join('\n')
    },
    send: async ([message], signal) => {
      if (!message) return { state: 'refused', words: 'no message', isFinal: true }
      if (areaOf(message, settings) === undefined)
        return {
          state: 'refused',
          words: `no division is known for ${message.village}: areas`,
          isFinal: true,
        }
      const { package: name, files } = await filesOf(message, signal)
      await replaceFile(join(settings.folder, name), tarOf(files, message.atMs), { mode: 0o640 })
      return { state: 'handed-over', words: name }
    },
  }
}

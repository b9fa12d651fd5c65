// Wires the pictures of the centre: receiving, handing out, deleting.
import { join } from 'node:path'
import { isTownFolder } from '../cluster/town-folder.ts'
import { filesFolderOf } from '../config/files-folder.ts'
import { isPostgresUrl } from '../storage/postgres/address.ts'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { StreamMessage } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { PictureReceipt } from '../../protocols/uplink/picture-receipt.ts'
import type { CentreConfig } from '../config/config.ts'
import { createPictureRoutes } from '../api/picture-routes.ts'
import type { Route } from '../api/route.ts'
import { PictureFolder } from '../pictures/picture-folder.ts'
import { PictureReceiver } from '../pictures/picture-receiver.ts'
import { PictureSweep } from '../pictures/picture-sweep.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import type { Storage, StoredChange } from '../storage/port.ts'

const bytesPerMegabyte = 1024 * 1024
const dayMs = 86_400_000

export interface OpenPicturesOptions {
  config: CentreConfig
  storage: Storage
  clock: Clock
  logger: Logger
  registry: Registry
  securityLog: SecurityLog
  recordsSettled: (box: string) => Promise<void>
  push: (changes: readonly StoredChange[]) => void
  sendReceipt: (box: string, receipt: PictureReceipt) => void
}

export interface Pictures {
  routes: Route[]
  /** The bytes, or undefined when the file is missing or damaged: it is then marked. */
  read: (box: string, sha256: string) => Promise<Uint8Array | undefined>
  /** A chunk as received from the box. */
  offer: (box: string, payload: Uint8Array) => void
  /** Changes caused by records: a picture that a person deleted at the box is deleted here. */
  hear: (changes: readonly StoredChange[]) => void
  stop: () => Promise<void>
}

export function openPictures(options: OpenPicturesOptions): Pictures {
  const { config, storage, clock, logger, registry, push } = options
  const { quotaMegabytes, boxQuotaMegabytes, termDays } = config.pictures
  const shared = { isClustered: isPostgresUrl(config.storage.url), folder: filesFolderOf(config) }
  const folder = new PictureFolder(join(shared.folder, 'pictures'))
  const isTowns = isTownFolder({ ...shared, storage, logger })
  const common = { folder, storage, clock, logger, registry, onStored: push }
  const sweep = new PictureSweep({
    ...common,
    termMs: termDays * dayMs,
    bytesMax: quotaMegabytes * bytesPerMegabyte,
    boxBytesMax: boxQuotaMegabytes * bytesPerMegabyte,
  })
  const receiver = new PictureReceiver({
    ...common,
    recordsSettled: options.recordsSettled,
    onArrived: (box, bytes) => sweep.checkBox(box, bytes),
    sendReceipt: options.sendReceipt,
  })
  const read = async (box: string, sha256: string): Promise<Uint8Array | undefined> => {
    const bytes = await folder.read(box, sha256)
    if (bytes) return bytes
    logger.error({ box, sha256 }, 'a stored picture is missing or damaged on the disk')
    if (!(await isTowns)) return undefined
    push(await storage.dropPictures({ why: 'lost', files: [{ box, sha256 }] }, clock.wallMs()))
    await folder.drop(box, sha256)
    return undefined
  }
  sweep.start()
  return {
    routes: createPictureRoutes({
      storage,
      clock,
      securityLog: options.securityLog,
      progress: (box, sha256) => folder.progress(box, sha256),
      read,
    }),
    read,
    offer: (box, payload) => receiver.offer(box, payload),
    hear: (changes) => {
      const gone = changes.flatMap(({ json }) => goneFiles(json))
      if (gone.length > 0) sweep.dropGone(gone)
    },
    stop: async () => {
      await receiver.stop()
      await sweep.stop()
    },
  }
}

function goneFiles(json: string): { box: string; sha256: string }[] {
  if (!json.startsWith('{"type":"picture.gone"')) return []
  const message = JSON.parse(json) as StreamMessage
  if (message.type !== 'picture.gone') return []
  const { box, preview, full } = message.picture
  return [preview, full].flatMap(({ sha256, state }) => (state === 'gone' ? [{ box, sha256 }] : []))
}

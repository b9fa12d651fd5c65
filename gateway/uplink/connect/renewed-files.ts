// A renewed certificate: a connection keeps the one that it began with, and would show it at the centre until it expires. So the
// connection is made anew when the files have changed and fit each other.
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import { messageOf } from '../../../platform/failure.ts'
import { watchFiles } from '../../../platform/file-watch.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { UplinkSettings } from '../../config/uplink-settings.ts'
import { readKeys } from './open-stream.ts'

export interface RenewedFilesOptions {
  settings: Pick<UplinkSettings, 'caFile' | 'certFile' | 'keyFile'>
  clock: Clock
  logger: Logger
  /** Makes the connection anew. */
  reopen: (reason: string) => void
}

/** Returns the undo. */
export function watchRenewedFiles({ settings, clock, logger, reopen }: RenewedFilesOptions): () => void {
  const { caFile, certFile, keyFile } = settings
  const files = [caFile, certFile, keyFile].filter((file) => file !== undefined)
  return watchFiles(files, clock, async () => {
    const problem = await problemOf(settings)
    if (problem === undefined) reopen('the files of the certificate have changed')
    // Half of a renewal, or a wrong file: the connection in use still works.
    else
      logger.warn(
        { files, problem },
        'the new files of the certificate can not be used: the link stays as it is',
      )
  })
}

async function problemOf(settings: RenewedFilesOptions['settings']): Promise<string | undefined> {
  try {
    createSecureContext(await readKeys(settings))
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

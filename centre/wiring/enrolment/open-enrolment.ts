// Wires the certificates of boxes, and their enrolment where the configuration makes this centre their authority.
import { nextOf } from '../../../platform/certificates/next-file.ts'
import { watchFiles } from '../../../platform/file-watch.ts'
import { openAuthorities, type AuthoritySet } from '../../enrolment/authority-set.ts'
import { BoxEnrolment } from '../../enrolment/box-enrolment.ts'
import { SignedCertificates } from '../../enrolment/signed-certificates.ts'
import type { Storage } from '../../storage/port.ts'
import type { Base } from '../base.ts'

const hourMs = 3_600_000
const dayMs = 86_400_000

export interface OpenedEnrolment {
  certificates: SignedCertificates
  /** Absent: this centre signs nothing. */
  enrolment: BoxEnrolment | undefined
}

export async function openEnrolment(base: Base, storage: Storage): Promise<OpenedEnrolment> {
  const logger = base.logger.child({ part: 'enrolment' })
  const certificates = new SignedCertificates({ storage, clock: base.clock, logger })
  await certificates.start()
  try {
    return { certificates, enrolment: await openSigning(base, storage, certificates) }
  } catch (error) {
    // The town works without new boxes; `check-config` names the file.
    logger.error({ err: error }, 'the authority of the boxes can not be used: no box can be enrolled')
    return { certificates, enrolment: undefined }
  }
}

async function openSigning(
  { config, clock, random, logger, parts }: Base,
  storage: Storage,
  certificates: SignedCertificates,
): Promise<BoxEnrolment | undefined> {
  const { enrolment: settings } = config
  if (!settings) return undefined
  const { authority, centreUrl, uplinkUrl, codeHours, lifeDays } = settings
  let current: AuthoritySet = await openAuthorities(authority)
  const files = [authority.certFile, authority.keyFile].flatMap((file) => [file, nextOf(file)])
  const stop = watchFiles(files, clock, async () => {
    try {
      current = await openAuthorities(authority)
      logger.info({ part: 'enrolment', hash: current.hash }, 'the authority of the boxes was read again')
    } catch (error) {
      // Between two of the files of a change.
      logger.warn({ err: error }, 'the authority of the boxes can not be read: the one before stays')
    }
  })
  parts.add('files of the authority', stop)
  return new BoxEnrolment({
    storage,
    certificates,
    authority: () => current,
    settings: { centreUrl, uplinkUrl, codeMs: codeHours * hourMs, lifeMs: lifeDays * dayMs },
    clock,
    random,
  })
}

// Wires the certificates of boxes, and their enrolment where the configuration makes this centre their authority.
import { readFileSync } from 'node:fs'
import { openAuthority } from '../../enrolment/authority.ts'
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
  { config, clock, random }: Base,
  storage: Storage,
  certificates: SignedCertificates,
): Promise<BoxEnrolment | undefined> {
  const { enrolment: settings } = config
  if (!settings) return undefined
  const { authority, centreUrl, uplinkUrl, codeHours, lifeDays } = settings
  const [certificate, key] = [
    readFileSync(authority.certFile, 'utf8'),
    readFileSync(authority.keyFile, 'utf8'),
  ]
  return new BoxEnrolment({
    storage,
    certificates,
    authority: await openAuthority(certificate, key),
    settings: { centreUrl, uplinkUrl, codeMs: codeHours * hourMs, lifeMs: lifeDays * dayMs },
    clock,
    random,
  })
}

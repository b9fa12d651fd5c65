// Wires the enrolment of boxes, where the configuration makes this centre their authority.
import { readFileSync } from 'node:fs'
import { openAuthority } from '../../enrolment/authority.ts'
import { BoxEnrolment } from '../../enrolment/box-enrolment.ts'
import type { Storage } from '../../storage/port.ts'
import type { Base } from '../base.ts'

const hourMs = 3_600_000
const dayMs = 86_400_000

export async function openEnrolment(
  { config, logger, clock, random }: Base,
  storage: Storage,
): Promise<BoxEnrolment | undefined> {
  const { enrolment: settings } = config
  if (!settings) return undefined
  const { authority, centreUrl, uplinkUrl, codeHours, lifeDays } = settings
  const enrolment = new BoxEnrolment({
    storage,
    authority: await openAuthority(
      readFileSync(authority.certFile, 'utf8'),
      readFileSync(authority.keyFile, 'utf8'),
    ),
    settings: { centreUrl, uplinkUrl, codeMs: codeHours * hourMs, lifeMs: lifeDays * dayMs },
    clock,
    random,
    logger: logger.child({ part: 'enrolment' }),
  })
  await enrolment.start()
  return enrolment
}

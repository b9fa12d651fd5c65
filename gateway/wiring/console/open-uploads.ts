// Wires what the console sends to the centre besides records: the village plan and the handover sheet, each until the centre has it.
import type { UploadPurpose } from '../../../platform/certificates/signed-upload.ts'
import { WaitingUpload } from '../../config/enrolment/waiting-upload.ts'
import { packHandover } from '../../console/handover/handover-routes.ts'
import { readPlan } from '../../console/plan/plan-picture.ts'
import type { Base } from '../base.ts'

export interface ConsoleUploads {
  plan: WaitingUpload
  handover: WaitingUpload
}

export function openUploads({ config, clock, logger, parts }: Base, wallMs: () => number): ConsoleUploads {
  const { dataDir } = config
  const open = (purpose: UploadPurpose, content: () => Uint8Array | undefined): WaitingUpload => {
    const upload = new WaitingUpload({
      purpose,
      dataDir,
      clock,
      wallMs,
      content,
      logger: logger.child({ part: 'uplink' }),
    })
    parts.add(`upload of ${purpose}`, upload.start())
    return upload
  }
  return {
    plan: open('plan', () => readPlan(dataDir)?.bytes),
    handover: open('handover', () => packHandover(dataDir)),
  }
}

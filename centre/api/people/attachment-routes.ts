// The routes of a case's files. The type of an upload is decided by its bytes; a download never runs in a browser, and each view
// is in the audit trail first.
import type { z } from 'zod'
import { answeringRoles, type DeskAlarm, type Role } from '../../../protocols/desk/api.ts'
import {
  attachmentBytesMax,
  attachmentTypes,
  type AttachmentAnswer,
  type AttachmentsAnswer,
} from '../../../protocols/desk/attachments.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { Attachments } from '../../attachments/attachments.ts'
import type { Storage, StoredChange } from '../../storage/port.ts'
import { ApiProblem, problemOfRefusal } from '../problems.ts'
import type { Route } from '../route.ts'
import * as schemas from './response-schemas.ts'

export interface AttachmentRouteOptions {
  storage: Pick<Storage, 'attach' | 'attachments'>
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
  attachments: Attachments
  onStep: (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]) => void
}

const leadingRoles: readonly Role[] = ['supervisor', 'admin']

export function createAttachmentRoutes(options: AttachmentRouteOptions): Route[] {
  const { storage, clock, securityLog, attachments, onStep } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}/attachments',
      summary: { zh: '案件附件', en: 'The files of a case, oldest first' },
      access: answeringRoles,
      answer: schemas.attachmentsAnswer,
      problems: ['not-found'],
      run: async ({ caseId }) => ({
        json: { attachments: await storage.attachments(caseId) } satisfies AttachmentsAnswer,
      }),
    },
    {
      method: 'POST',
      path: '/api/v1/cases/{caseId}/attachments',
      summary: {
        zh: '添加附件（JPEG、PNG、PDF；内容须与类型一致）',
        en: 'Add a file: the body is its bytes, JPEG, PNG or PDF by their own first bytes',
      },
      access: answeringRoles,
      query: schemas.attachmentQuery,
      upload: { types: attachmentTypes, bytesMax: attachmentBytesMax },
      answer: schemas.attachmentAnswer,
      problems: [
        'bad-request',
        'not-found',
        'wrong-type',
        'too-large',
        'no-such-file-type',
        'no-room',
        'wrong-step',
        'too-many-entries',
      ],
      run: async ({ caseId, account, query, upload, header }) => {
        if (!account) throw new ApiProblem('unauthenticated')
        const actor = { who: account.user, isSupervisor: leadingRoles.includes(account.role) }
        const { name } = query as z.infer<typeof schemas.attachmentQuery>
        const declaredType = header('content-type')?.split(';')[0]?.trim().toLowerCase()
        const taken = await attachments.take(
          { bytes: upload ?? new Uint8Array(), name, declaredType },
          (file) => storage.attach(caseId, file, actor, attachments.bytesMax, clock.wallMs()),
        )
        if (taken === 'wrong-type') throw new ApiProblem('no-such-file-type')
        if (taken === 'full' || taken.type === 'full') throw new ApiProblem('no-room')
        if (taken.type === 'refused') throw new ApiProblem(problemOfRefusal[taken.code], taken.detail)
        if (taken.type !== 'done') throw new ApiProblem('not-found')
        if (taken.changes.length > 0) onStep([], taken.changes)
        return { json: { attachment: taken.attachment } satisfies AttachmentAnswer }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/cases/{caseId}/attachments/{sha256}',
      summary: { zh: '查看附件（查看会被记录）', en: 'The bytes of a file; the look is in the audit trail' },
      access: answeringRoles,
      answer: 'file',
      problems: ['not-found'],
      run: async ({ caseId, sha256, account, address }) => {
        const who = account?.user ?? ''
        const found = await attachments.look(caseId, sha256, who)
        if (!found) throw new ApiProblem('not-found')
        securityLog.note('look', who, address, `${caseId} ${sha256.slice(0, 12)}`)
        const { name, type } = found.attachment
        return { file: found.bytes, type, name }
      },
    },
  ]
}

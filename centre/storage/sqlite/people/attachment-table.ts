// Attachments of cases in SQLite: which files a case has, who looked at one, and which are past their term.
import { attachmentTypes, type Attachment } from '../../../../protocols/desk/attachments.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { Actor } from '../../../cases/workflow/case-input.ts'
import type { CaseOutcome, CaseWriterCalls } from '../../case-port.ts'
import type {
  AttachOutcome,
  ResponseReaderCalls,
  ResponseWriterCalls,
  StoredFile,
} from '../../response-port.ts'
import { immediately, type Sqlite } from '../database.ts'

interface Row {
  sha256: string
  name: string
  type: string
  bytes: number
  who: string
  atMs: number
  goneAtMs: number | null
}

const columns = 'sha256, name, type, bytes, who, at_ms AS atMs, gone_at_ms AS goneAtMs'

export const numberOfCase = (caseId: string): number => Number(/^case-(\d{1,15})$/.exec(caseId)?.[1] ?? 0)

function attachmentOf({ goneAtMs, type, ...row }: Row): Attachment[] {
  const known = attachmentTypes.find((one) => one === type)
  if (!known) return []
  return [{ ...row, type: known, ...(goneAtMs === null ? {} : { goneAtMs }) }]
}

export function createAttachmentReader(
  db: Sqlite,
): Pick<ResponseReaderCalls, 'attachments' | 'attachmentsPastTerm' | 'isAttachmentNamed'> {
  const ofCase = db.prepare<[number], Row>(
    `SELECT ${columns} FROM attachments WHERE case_number = ? ORDER BY number`,
  )
  const past = db
    .prepare<[number, number], number>(
      `SELECT a.number FROM attachments a LEFT JOIN cases c ON c.number = a.case_number
       WHERE a.gone_at_ms IS NULL AND (c.number IS NULL OR c.is_over = 1 AND a.at_ms < ?) LIMIT ?`,
    )
    .pluck()
  const named = db.prepare<[string], number>(
    'SELECT 1 FROM attachments WHERE sha256 = ? AND gone_at_ms IS NULL',
  )
  return {
    attachments: (caseId: string) => ofCase.all(numberOfCase(caseId)).flatMap(attachmentOf),
    attachmentsPastTerm: (beforeMs: number, limit: number) =>
      past.all(Math.round(beforeMs), limit) as number[],
    isAttachmentNamed: (sha256: string) => named.get(sha256) !== undefined,
  }
}

type AttachmentWriter = Pick<ResponseWriterCalls, 'attach' | 'lookAtAttachment' | 'dropAttachments'>

export function createAttachmentWriter(
  db: Sqlite,
  seal: (entry: TrailEntry) => void,
  takeCaseStep: CaseWriterCalls['takeCaseStep'],
): AttachmentWriter {
  const one = db.prepare<[number, string], Row>(
    `SELECT ${columns} FROM attachments WHERE case_number = ? AND sha256 = ?`,
  )
  const put = db.prepare(
    `INSERT INTO attachments (case_number, sha256, name, type, bytes, who, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (case_number, sha256) DO UPDATE SET gone_at_ms = NULL, name = excluded.name, who = excluded.who,
       at_ms = excluded.at_ms`,
  )
  const total = db
    .prepare<[], number>('SELECT total(bytes) FROM attachments WHERE gone_at_ms IS NULL')
    .pluck()
  const drop = db
    .prepare<[number, number], string>(
      'UPDATE attachments SET gone_at_ms = ? WHERE number = ? AND gone_at_ms IS NULL RETURNING sha256',
    )
    .pluck()
  const named = db.prepare<[string]>('SELECT 1 FROM attachments WHERE sha256 = ? AND gone_at_ms IS NULL')

  const attach = immediately(
    db,
    (caseId: string, file: StoredFile, actor: Actor, bytesMax: number, wallMs: number): AttachOutcome => {
      const number = numberOfCase(caseId)
      const known = one.get(number, file.sha256)
      if (known && known.goneAtMs === null) {
        const [attachment] = attachmentOf(known)
        return attachment ? { type: 'done', attachment, changes: [] } : { type: 'unknown' }
      }
      if ((total.get() ?? 0) + file.bytes > bytesMax) return { type: 'full' }
      const { sha256, name, type, bytes } = file
      const atMs = Math.round(wallMs)
      const outcome: CaseOutcome = takeCaseStep({ case: caseId }, { do: 'attach', name, sha256 }, actor, atMs)
      if (outcome.type === 'unknown') return { type: 'unknown' }
      if (outcome.type === 'refused') return { type: 'refused', code: outcome.code, detail: outcome.detail }
      put.run(number, sha256, name, type, bytes, actor.who, atMs)
      const attachment = { sha256, name, type, bytes, who: actor.who, atMs }
      return { type: 'done', attachment, changes: outcome.changes }
    },
  )

  return {
    attach,
    lookAtAttachment: immediately(db, (caseId: string, sha256: string, by: string, atMs: number) => {
      const row = one.get(numberOfCase(caseId), sha256)
      if (!row || row.goneAtMs !== null) return undefined
      seal({ alarm: caseId, atMs: Math.round(atMs), who: by, what: 'attachment-looked', why: sha256 })
      return attachmentOf(row)[0]
    }),
    dropAttachments: immediately(db, (numbers: readonly number[], atMs: number): string[] => {
      const files = numbers.flatMap((number) => drop.get(Math.round(atMs), number) ?? [])
      return [...new Set(files)].filter((sha256) => named.get(sha256) === undefined)
    }),
  }
}

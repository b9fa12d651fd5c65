// One-time codes and certificates of boxes in SQLite. A code and the certificate that came of it are one transaction, so that a
// kill leaves neither a used code without a certificate nor two certificates of one box that both count.
import { isInScope, type Scope } from '../../../../protocols/desk/scope.ts'
import type { CertificateSummary, EnrolmentSummary } from '../../../../protocols/desk/villages/enrolments.ts'
import type {
  EnrolmentPage,
  EnrolmentQuery,
  EnrolmentReaderCalls,
  EnrolmentWriterCalls,
  NewCertificate,
  NewEnrolment,
} from '../../enrolment-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'

/** Codes that a box may still use; a further one is refused. */
export const openCodesMax = 5000
/** Certificates of one box in a day; a further one is refused, since a box needs one in years. */
export const certificatesPerDayMax = 10
const dayMs = 86_400_000

interface CodeRow {
  number: number
  box: string
  name: string | null
  codeKey: string
  machine: string | null
  serial: string | null
}

const openCode = `SELECT number, box, name, code_key AS codeKey, machine, used_serial AS serial FROM enrolments
  WHERE code_id = ? AND ended_at_ms IS NULL AND expires_at_ms > ?`

export const createEnrolmentWriter = (db: Sqlite): EnrolmentWriterCalls => {
  const codes = createCodeCalls(db)
  return { ...codes.calls, ...createCertificateCalls(db, codes.endOfBox) }
}

function createCodeCalls(db: Sqlite) {
  const countOpen = db
    .prepare<[number, string], number>(
      `SELECT count(*) FROM enrolments
       WHERE ended_at_ms IS NULL AND used_at_ms IS NULL AND expires_at_ms > ? AND box <> ?`,
    )
    .pluck()
  const end = `UPDATE enrolments SET ended_at_ms = ? WHERE ended_at_ms IS NULL AND used_at_ms IS NULL`
  const endOfBox = db.prepare<[number, string]>(`${end} AND box = ?`)
  const endOne = db.prepare<[number, number]>(`${end} AND number = ?`)
  const boxOf = db.prepare<[number], string>('SELECT box FROM enrolments WHERE number = ?').pluck()
  const insert = db.prepare(
    `INSERT INTO enrolments (code_id, code_key, box, name, machine, made_by, made_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const calls: Pick<EnrolmentWriterCalls, 'putEnrolment' | 'endEnrolment'> = {
    putEnrolment: immediately(db, (one: NewEnrolment, by: string, atMs: number): boolean => {
      if ((countOpen.get(atMs, one.box) ?? 0) >= openCodesMax) return false
      endOfBox.run(atMs, one.box)
      insert.run(
        one.codeId,
        one.codeKey,
        one.box,
        one.name ?? null,
        one.serial ?? null,
        by,
        atMs,
        one.expiresAtMs,
      )
      return true
    }),
    endEnrolment: immediately(db, (number: number, scope: Scope | undefined, atMs: number): boolean => {
      const box = boxOf.get(number)
      return box !== undefined && isInScope(scope, box) && endOne.run(atMs, number).changes > 0
    }),
  }
  return { calls, endOfBox: (box: string, atMs: number): void => void endOfBox.run(atMs, box) }
}

function createCertificateCalls(
  db: Sqlite,
  endCodeOf: (box: string, atMs: number) => void,
): Omit<EnrolmentWriterCalls, 'putEnrolment' | 'endEnrolment'> {
  const code = db.prepare<[string, number], CodeRow>(openCode)
  const use = db.prepare('UPDATE enrolments SET used_at_ms = ?, used_serial = ? WHERE number = ?')
  const insert = db.prepare(
    `INSERT INTO box_certificates (serial, key_hash, box, issued_at_ms, not_after_ms, pem)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const countIssued = db
    .prepare<[string, number], number>(
      'SELECT count(*) FROM box_certificates WHERE box = ? AND issued_at_ms > ?',
    )
    .pluck()
  const keyOf = db.prepare<[string], string>('SELECT key_hash FROM box_certificates WHERE serial = ?').pluck()
  const isValid = db.prepare<[string, string]>(
    'SELECT 1 FROM box_certificates WHERE serial = ? AND box = ? AND revoked_at_ms IS NULL',
  )
  const revoke = 'UPDATE box_certificates SET revoked_at_ms = ?, revoked_by = ? WHERE revoked_at_ms IS NULL'
  const revokeOfBox = db
    .prepare<[number, string, string], string>(`${revoke} AND box = ? RETURNING serial`)
    .pluck()
  const revokeOlder = db
    .prepare<[number, string, string, string], string>(
      `${revoke} AND box = (SELECT box FROM box_certificates WHERE serial = ?)
       AND number < (SELECT number FROM box_certificates WHERE serial = ?) RETURNING serial`,
    )
    .pluck()
  const put = (one: NewCertificate, atMs: number): void =>
    void insert.run(one.serial, one.key, one.box, atMs, one.notAfterMs, one.pem)
  return {
    useEnrolment: immediately(db, (codeId: string, one: NewCertificate, atMs: number) => {
      const row = code.get(codeId, atMs)
      if (!row || row.box !== one.box) return undefined
      // The answer to the same key was lost: it gets the stored certificate.
      if (row.serial !== null) return keyOf.get(row.serial) === one.key ? [] : undefined
      const revoked = revokeOfBox.all(atMs, `code-${row.number}`, one.box)
      put(one, atMs)
      use.run(atMs, one.serial, row.number)
      return revoked
    }),
    renewCertificate: immediately(db, (serial: string, one: NewCertificate, atMs: number): boolean => {
      if (!isValid.get(serial, one.box)) return false
      if ((countIssued.get(one.box, atMs - dayMs) ?? 0) >= certificatesPerDayMax) return false
      put(one, atMs)
      return true
    }),
    revokeCertificates: immediately(db, (box: string, by: string, atMs: number): string[] => {
      endCodeOf(box, atMs)
      return revokeOfBox.all(atMs, by, box)
    }),
    revokeOlderCertificates: (serial, atMs) => revokeOlder.all(atMs, 'renewal', serial, serial),
  }
}

interface EnrolmentRow {
  number: number
  box: string
  name: string | null
  machine: string | null
  by: string
  madeAtMs: number
  expiresAtMs: number
  usedAtMs: number | null
  endedAtMs: number | null
}

interface CertificateRow {
  number: number
  serial: string
  box: string
  issuedAtMs: number
  notAfterMs: number
  revokedAtMs: number | null
  revokedBy: string | null
}

/** Rows of one page, newest first. */
function createPages<T extends { number: number }>(
  db: Sqlite,
  select: string,
): (query: EnrolmentQuery) => EnrolmentPage<T> {
  const rows = db.prepare<[number, string | null, string | null, string | null, string | null, number], T>(
    `${select} WHERE number < ? AND (? IS NULL OR box = ?) AND ${inScopeSql('box')} ORDER BY number DESC LIMIT ?`,
  )
  return ({ box = null, scope, before = Number.MAX_SAFE_INTEGER, limit }) => {
    const column = scopeColumn(scope)
    const found = rows.all(before, box, box, column, column, limit + 1)
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return { rows: page, ...(found.length > limit && last ? { next: last.number } : {}) }
  }
}

export function createEnrolmentReader(db: Sqlite): EnrolmentReaderCalls {
  const code = db.prepare<[string, number], CodeRow>(openCode)
  const certificate = db.prepare<[string], { key: string; pem: string }>(
    'SELECT key_hash AS key, pem FROM box_certificates WHERE serial = ?',
  )
  const codes = createPages<EnrolmentRow>(
    db,
    `SELECT number, box, name, machine, made_by AS by, made_at_ms AS madeAtMs, expires_at_ms AS expiresAtMs,
       used_at_ms AS usedAtMs, ended_at_ms AS endedAtMs FROM enrolments`,
  )
  const certificates = createPages<CertificateRow>(
    db,
    `SELECT number, serial, box, issued_at_ms AS issuedAtMs, not_after_ms AS notAfterMs,
       revoked_at_ms AS revokedAtMs, revoked_by AS revokedBy FROM box_certificates`,
  )
  const has = db.prepare<[string]>('SELECT 1 FROM box_certificates WHERE box = ? AND revoked_at_ms IS NULL')
  const valid = db.prepare<[number], { box: string; pem: string }>(
    'SELECT box, pem FROM box_certificates WHERE revoked_at_ms IS NULL AND not_after_ms > ?',
  )
  const revoked = db
    .prepare<[], string>('SELECT serial FROM box_certificates WHERE revoked_at_ms IS NOT NULL')
    .pluck()
  return {
    openEnrolment: (codeId, nowMs) => {
      const row = code.get(codeId, nowMs)
      if (!row) return undefined
      const used = row.serial === null ? undefined : certificate.get(row.serial)
      const { box, name, codeKey, machine } = row
      return {
        box,
        name: name ?? undefined,
        codeKey,
        ...(machine === null ? {} : { serial: machine }),
        ...(used ? { used } : {}),
      }
    },
    enrolments: (query) => {
      const { rows, ...rest } = codes(query)
      return { rows: rows.map(summaryOf), ...rest }
    },
    certificates: (query) => {
      const { rows, ...rest } = certificates(query)
      return { rows: rows.map(certificateOf), ...rest }
    },
    hasCertificate: (box) => has.get(box) !== undefined,
    validCertificates: (nowMs) => valid.all(nowMs),
    revokedCertificates: () => revoked.all(),
  }
}

const certificateOf = ({
  serial,
  box,
  issuedAtMs,
  notAfterMs,
  revokedAtMs,
  revokedBy,
}: CertificateRow): CertificateSummary => ({
  serial,
  box,
  issuedAtMs,
  notAfterMs,
  ...(revokedAtMs === null ? {} : { revokedAtMs }),
  ...(revokedBy === null ? {} : { revokedBy }),
})

function summaryOf({ number, name, machine, usedAtMs, endedAtMs, ...row }: EnrolmentRow): EnrolmentSummary {
  return {
    id: `code-${number}`,
    ...row,
    ...(name === null ? {} : { name }),
    ...(machine === null ? {} : { serial: machine }),
    ...(usedAtMs === null ? {} : { usedAtMs }),
    ...(endedAtMs === null ? {} : { endedAtMs }),
  }
}

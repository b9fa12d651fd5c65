// One-time codes and certificates of boxes in SQLite. A code and the certificate that came of it are one transaction, so that a
// kill leaves neither a used code without a certificate nor two certificates of one box that both count.
import type { CertificateSummary, EnrolmentSummary } from '../../../../protocols/desk/villages/enrolments.ts'
import type {
  EnrolmentReaderCalls,
  EnrolmentWriterCalls,
  NewCertificate,
  NewEnrolment,
} from '../../enrolment-port.ts'
import { immediately, type Sqlite } from '../database.ts'

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
  serial: string | null
}

const openCode = `SELECT number, box, name, code_key AS codeKey, used_serial AS serial FROM enrolments
  WHERE code_id = ? AND ended_at_ms IS NULL AND expires_at_ms > ?`

export function createEnrolmentWriter(db: Sqlite): EnrolmentWriterCalls {
  const code = db.prepare<[string, number], CodeRow>(openCode)
  const countOpen = db
    .prepare<[number, string], number>(
      `SELECT count(*) FROM enrolments
       WHERE ended_at_ms IS NULL AND used_at_ms IS NULL AND expires_at_ms > ? AND box <> ?`,
    )
    .pluck()
  const countIssued = db
    .prepare<[string, number], number>(
      'SELECT count(*) FROM box_certificates WHERE box = ? AND issued_at_ms > ?',
    )
    .pluck()
  const endOfBox = db.prepare(
    'UPDATE enrolments SET ended_at_ms = ? WHERE box = ? AND ended_at_ms IS NULL AND used_at_ms IS NULL',
  )
  const insert = db.prepare(
    `INSERT INTO enrolments (code_id, code_key, box, name, made_by, made_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const end = db.prepare(
    'UPDATE enrolments SET ended_at_ms = ? WHERE number = ? AND ended_at_ms IS NULL AND used_at_ms IS NULL',
  )
  const use = db.prepare('UPDATE enrolments SET used_at_ms = ?, used_serial = ? WHERE number = ?')
  const putCertificate = db.prepare(
    `INSERT INTO box_certificates (serial, key_hash, box, issued_at_ms, not_after_ms, pem)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const keyOf = db.prepare<[string], string>('SELECT key_hash FROM box_certificates WHERE serial = ?').pluck()
  const counting = db.prepare<[string, string]>(
    'SELECT 1 FROM box_certificates WHERE serial = ? AND box = ? AND revoked_at_ms IS NULL',
  )
  const revoke = db
    .prepare<[number, string, string], string>(
      `UPDATE box_certificates SET revoked_at_ms = ?, revoked_by = ?
       WHERE box = ? AND revoked_at_ms IS NULL RETURNING serial`,
    )
    .pluck()

  const revokeOlder = db
    .prepare<[number, string, string], string>(
      `UPDATE box_certificates SET revoked_at_ms = ?, revoked_by = 'renewal' WHERE revoked_at_ms IS NULL
       AND box = (SELECT box FROM box_certificates WHERE serial = ?)
       AND number < (SELECT number FROM box_certificates WHERE serial = ?) RETURNING serial`,
    )
    .pluck()
  const put = (one: NewCertificate, atMs: number): void =>
    void putCertificate.run(one.serial, one.key, one.box, atMs, one.notAfterMs, one.pem)
  return {
    putEnrolment: immediately(db, (one: NewEnrolment, by: string, atMs: number): boolean => {
      if ((countOpen.get(atMs, one.box) ?? 0) >= openCodesMax) return false
      endOfBox.run(atMs, one.box)
      insert.run(one.codeId, one.codeKey, one.box, one.name ?? null, by, atMs, one.expiresAtMs)
      return true
    }),
    endEnrolment: (number, atMs) => end.run(atMs, number).changes > 0,
    useEnrolment: immediately(db, (codeId: string, one: NewCertificate, atMs: number) => {
      const row = code.get(codeId, atMs)
      if (!row || row.box !== one.box) return undefined
      // The answer to the same key was lost: it gets the stored certificate.
      if (row.serial !== null) return keyOf.get(row.serial) === one.key ? [] : undefined
      const revoked = revoke.all(atMs, `code-${row.number}`, one.box)
      put(one, atMs)
      use.run(atMs, one.serial, row.number)
      return revoked
    }),
    renewCertificate: immediately(db, (serial: string, one: NewCertificate, atMs: number): boolean => {
      if (!counting.get(serial, one.box)) return false
      if ((countIssued.get(one.box, atMs - dayMs) ?? 0) >= certificatesPerDayMax) return false
      put(one, atMs)
      return true
    }),
    revokeCertificates: (box, by, atMs) => revoke.all(atMs, by, box),
    revokeOlderCertificates: (serial, atMs) => revokeOlder.all(atMs, serial, serial),
  }
}

interface EnrolmentRow {
  number: number
  box: string
  name: string | null
  by: string
  madeAtMs: number
  expiresAtMs: number
  usedAtMs: number | null
  endedAtMs: number | null
}

interface CertificateRow {
  serial: string
  box: string
  issuedAtMs: number
  notAfterMs: number
  revokedAtMs: number | null
  revokedBy: string | null
}

export function createEnrolmentReader(db: Sqlite): EnrolmentReaderCalls {
  const code = db.prepare<[string, number], CodeRow>(openCode)
  const certificate = db.prepare<[string], { key: string; pem: string }>(
    'SELECT key_hash AS key, pem FROM box_certificates WHERE serial = ?',
  )
  const codes = db.prepare<[number], EnrolmentRow>(
    `SELECT number, box, name, made_by AS by, made_at_ms AS madeAtMs, expires_at_ms AS expiresAtMs,
       used_at_ms AS usedAtMs, ended_at_ms AS endedAtMs
     FROM enrolments ORDER BY number DESC LIMIT ?`,
  )
  const certificateColumns = `SELECT serial, box, issued_at_ms AS issuedAtMs, not_after_ms AS notAfterMs,
    revoked_at_ms AS revokedAtMs, revoked_by AS revokedBy FROM box_certificates`
  const all = db.prepare<[number], CertificateRow>(`${certificateColumns} ORDER BY number DESC LIMIT ?`)
  const ofBox = db.prepare<[string, number], CertificateRow>(
    `${certificateColumns} WHERE box = ? ORDER BY number DESC LIMIT ?`,
  )
  const revoked = db
    .prepare<[number], string>(
      'SELECT serial FROM box_certificates WHERE revoked_at_ms IS NOT NULL AND not_after_ms > ?',
    )
    .pluck()
  return {
    openEnrolment: (codeId, nowMs) => {
      const row = code.get(codeId, nowMs)
      if (!row) return undefined
      const used = row.serial === null ? undefined : certificate.get(row.serial)
      return { box: row.box, name: row.name ?? undefined, codeKey: row.codeKey, ...(used ? { used } : {}) }
    },
    enrolments: (limit) => codes.all(limit).map(summaryOf),
    certificates: (box, limit) =>
      (box === undefined ? all.all(limit) : ofBox.all(box, limit)).map(
        ({ revokedAtMs, revokedBy, ...row }): CertificateSummary => ({
          ...row,
          ...(revokedAtMs === null ? {} : { revokedAtMs }),
          ...(revokedBy === null ? {} : { revokedBy }),
        }),
      ),
    revokedCertificates: (nowMs) => revoked.all(nowMs),
  }
}

function summaryOf({ number, name, usedAtMs, endedAtMs, ...row }: EnrolmentRow): EnrolmentSummary {
  return {
    id: `code-${number}`,
    ...row,
    ...(name === null ? {} : { name }),
    ...(usedAtMs === null ? {} : { usedAtMs }),
    ...(endedAtMs === null ? {} : { endedAtMs }),
  }
}

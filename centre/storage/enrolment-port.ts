// Storage's part of enrolment: one-time codes, and the certificates that the centre has signed for its boxes.
import type { Scope } from '../../protocols/desk/scope.ts'
import type { CertificateSummary, EnrolmentSummary } from '../../protocols/desk/villages/enrolments.ts'

export interface NewEnrolment {
  /** See `codeId`. */
  codeId: string
  /** Both sides sign with it; see `codeKey`. */
  codeKey: string
  box: string
  name: string | undefined
  /** The machine for which it counts alone. */
  serial?: string | undefined
  expiresAtMs: number
}

export interface NewCertificate {
  serial: string
  /** SHA-256 of the public key. */
  key: string
  box: string
  notAfterMs: number
  pem: string
}

/** A code that counts now. */
export interface OpenEnrolment {
  box: string
  name: string | undefined
  serial?: string
  codeKey: string
  /** The key that has used it, and its certificate: the same key may ask again, since an answer can be lost. */
  used?: { key: string; pem: string }
}

export interface EnrolmentWriterCalls {
  /** Ends the unused codes of the same box. False when there are too many open ones. */
  putEnrolment(enrolment: NewEnrolment, by: string, atMs: number): boolean
  /** False when there is no open one with this number in the scope. */
  endEnrolment(number: number, scope: Scope | undefined, atMs: number): boolean
  /**
   * Uses the code for this certificate's key, stores the certificate, and revokes all others of the box, in one transaction:
   * answers their serial numbers. Undefined when the code does not count (any more), or counts for another key.
   */
  useEnrolment(codeId: string, certificate: NewCertificate, atMs: number): string[] | undefined
  /** Stores the successor of a certificate that is not revoked; false when it is, is not known, or the box asks too often. */
  renewCertificate(serial: string, certificate: NewCertificate, atMs: number): boolean
  /** Revokes everything that was signed for the box and ends its unused code; answers the serial numbers. */
  revokeCertificates(box: string, by: string, atMs: number): string[]
  /** Revokes what the same box had before this one; answers the serial numbers. */
  revokeOlderCertificates(serial: string, atMs: number): string[]
}

export interface EnrolmentQuery {
  box?: string | undefined
  scope?: Scope | undefined
  /** Those before this number. */
  before?: number | undefined
  limit: number
}

export interface EnrolmentPage<T> {
  rows: T[]
  /** `before` of the next page; absent on the last one. */
  next?: number
}

export interface EnrolmentReaderCalls {
  /** Whether the code is used or not; undefined when it is over or unknown. */
  openEnrolment(codeId: string, nowMs: number): OpenEnrolment | undefined
  /** Newest first. */
  enrolments(query: EnrolmentQuery): EnrolmentPage<EnrolmentSummary>
  /** Newest first. */
  certificates(query: EnrolmentQuery): EnrolmentPage<CertificateSummary>
  /** Those that are not revoked and have not ended. */
  validCertificates(nowMs: number): { box: string; pem: string }[]
  /** True for a certificate of the box that is not revoked. */
  hasCertificate(box: string): boolean
  /** All serial numbers: the clock may be wrong at the start, so their ends are not compared. */
  revokedCertificates(): string[]
}

export const enrolmentWriterCalls = [
  'putEnrolment',
  'endEnrolment',
  'useEnrolment',
  'renewCertificate',
  'revokeCertificates',
  'revokeOlderCertificates',
] as const satisfies (keyof EnrolmentWriterCalls)[]
export const enrolmentReaderCalls = [
  'openEnrolment',
  'enrolments',
  'certificates',
  'hasCertificate',
  'validCertificates',
  'revokedCertificates',
] as const satisfies (keyof EnrolmentReaderCalls)[]

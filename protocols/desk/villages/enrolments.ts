// Enrolment of boxes, as the desk's API shows it.

/** `GET /api/v1/enrolments`: one-time codes, newest first. The code itself is in the answer to the one who made it, and nowhere else. */
export interface EnrolmentSummary {
  /** `code-12`. */
  id: string
  box: string
  name?: string
  /** The machine for which it counts alone. */
  serial?: string
  by: string
  madeAtMs: number
  expiresAtMs: number
  /** A box has used it. */
  usedAtMs?: number
  /** Ended by a person, or by a newer code for the same box. */
  endedAtMs?: number
}

/** `GET /api/v1/certificates`: what this centre has signed for boxes, newest first. */
export interface CertificateSummary {
  /** Hexadecimal. */
  serial: string
  box: string
  issuedAtMs: number
  notAfterMs: number
  revokedAtMs?: number
  revokedBy?: string
}

export interface EnrolmentsAnswer {
  enrolments: EnrolmentSummary[]
  /** Pass as `after` for the next page; absent on the last one. */
  next?: string
}

export interface CertificatesAnswer {
  certificates: CertificateSummary[]
  next?: string
}

/** `POST /api/v1/enrolments`, body `{box, name?, serial?}`: a code for this box. */
export interface NewEnrolmentAnswer {
  code: string
  /** For a QR code: any phone's camera opens it. */
  url: string
  expiresAtMs: number
}

/** `POST /api/v1/boxes/{boxId}/revoke`: every certificate of the box is revoked, and its session is cut. */
export interface RevokedAnswer {
  serials: string[]
}

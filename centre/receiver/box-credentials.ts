// The identity of a connecting box: by client certificate, by password, or, if allowed, by its claim alone.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { certificateMarks } from '../../platform/certificates/certificate-check.ts'
import { isBoxId } from '../../protocols/domain/names.ts'

/** The claim of a connection before it is checked. */
export interface Claim {
  box: string
  /** True when the box has a certificate signed by our CA. */
  isCertified: boolean
  /** Serial number and fingerprint of the certificate, in the form of the revocation list. */
  marks: readonly string[]
  /** The place from which it connects; a certificate by its fingerprint. */
  place: { address: string; certificate: string | undefined }
  /** When its certificate expires. */
  endsAtMs?: number
}

/** Undefined when the claim is invalid: a foreign certificate, or a name that no box can have. */
export function claimOf(connection: Duplex, user: string | undefined, clientId: string): Claim | undefined {
  const address = (connection as Socket).remoteAddress ?? ''
  if (connection instanceof TLSSocket) {
    const { subject } = connection.getPeerCertificate()
    if (subject) {
      const name: unknown = subject.CN
      if (!connection.authorized || !isBoxId(name)) return undefined
      const certificate = connection.getPeerX509Certificate()
      const marks = certificate ? certificateMarks(certificate) : []
      const place = { address, certificate: marks.at(-1) }
      const ends = certificate ? { endsAtMs: Date.parse(certificate.validTo) } : {}
      return { box: name, isCertified: true, marks, place, ...ends }
    }
  }
  const box = user ?? clientId
  const place = { address, certificate: undefined }
  return isBoxId(box) ? { box, isCertified: false, marks: [], place } : undefined
}

const digest = (text: string | Uint8Array): Buffer => createHash('sha256').update(text).digest()

/** Compared for a name that is not in the file: it takes the same time. */
const noDigest = digest('none')

/** Lines `boxId:password`, read again when the file changes; only the centre may have read access to the file. */
export class BoxPasswords {
  readonly #file: string | undefined
  #changedAtMs = -1
  #digests = new Map<string, Buffer>()

  constructor(file: string | undefined) {
    this.#file = file
  }

  matches(box: string, password: Uint8Array | undefined): boolean {
    this.#refresh()
    const expected = this.#digests.get(box)
    // Both are digests, so the time of comparing shows neither length nor content.
    return timingSafeEqual(expected ?? noDigest, digest(password ?? '')) && expected !== undefined
  }

  #refresh(): void {
    if (this.#file === undefined) return
    const { mtimeMs } = statSync(this.#file)
    if (mtimeMs === this.#changedAtMs) return
    const digests = new Map<string, Buffer>()
    for (const line of readFileSync(this.#file, 'utf8').split('\n')) {
      const colon = line.indexOf(':')
      const box = line.slice(0, Math.max(0, colon)).trim()
      if (isBoxId(box)) digests.set(box, digest(line.slice(colon + 1).trim()))
    }
    this.#digests = digests
    this.#changedAtMs = mtimeMs
  }
}

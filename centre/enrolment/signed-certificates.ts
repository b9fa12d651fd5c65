// The certificates that this centre has signed for its boxes: which are revoked, and what ends when another one takes over. It works without
// the key of the authority: a box that was shut out stays out, also where the section `enrolment` was taken away.
import type { Logger } from 'pino'
import { normalMark } from '../../platform/certificates/certificate-check.ts'
import { forgetOldest } from '../../platform/forget-oldest.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Storage } from '../storage/port.ts'

/** Certificates whose predecessors were looked for; beyond it the oldest are looked up again. */
const connectedMax = 50_000

export interface SignedCertificatesOptions {
  storage: Pick<Storage, 'revokeCertificates' | 'revokeOlderCertificates' | 'revokedCertificates'>
  clock: Clock
  logger: Logger
}

export class SignedCertificates {
  readonly #options: SignedCertificatesOptions
  readonly #revoked = new Set<string>()
  readonly #connected = new Set<string>()
  #endSessions = (): void => undefined

  constructor(options: SignedCertificatesOptions) {
    this.#options = options
  }

  /** Reads the revoked ones: the uplink must not open before. */
  async start(): Promise<void> {
    for (const serial of await this.#options.storage.revokedCertificates())
      this.#revoked.add(normalMark(serial))
  }

  /** `run` ends the sessions of certificates that were revoked just now. */
  onRevoked(run: () => void): void {
    this.#endSessions = run
  }

  /** `marks` as `certificateMarks` gives them. */
  readonly isRevoked = (marks: readonly string[]): boolean => marks.some((mark) => this.#revoked.has(mark))

  /** A box has connected with this certificate: its older ones are revoked. `marks` as `certificateMarks` gives them. */
  readonly connected = ([serial]: readonly string[]): void => {
    const { storage, clock, logger } = this.#options
    if (serial === undefined || this.#connected.has(serial)) return
    this.#connected.add(serial)
    forgetOldest(this.#connected, connectedMax)
    storage
      .revokeOlderCertificates(serial, Math.round(clock.wallMs()))
      .then((serials) => this.shutOut(serials))
      .catch((error: unknown) => {
        // The next message of the box tries it again.
        this.#connected.delete(serial)
        logger.error({ err: error }, 'older certificates of a box stay valid')
      })
  }

  /** Revokes everything that was signed for the box, and ends its open code; answers the serial numbers. */
  async revoke(box: string, by: string): Promise<string[]> {
    const { storage, clock } = this.#options
    const serials = await storage.revokeCertificates(box, by, Math.round(clock.wallMs()))
    this.shutOut(serials)
    return serials
  }

  /** These were revoked in storage just now. */
  shutOut(serials: readonly string[]): void {
    if (serials.length === 0) return
    for (const serial of serials) this.#revoked.add(normalMark(serial))
    this.#endSessions()
  }
}

// Enrolment of boxes: codes that count once, certificates for them, renewal, and revocation that counts at once. A code is never said by
// either side, so a centre that is not this one gets nothing and can give nothing.
import { verify } from 'node:crypto'
import type { Logger } from 'pino'
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { enrolmentUrl, createEnrolmentCode, codeBytes } from '../../protocols/enrolment/enrolment-code.ts'
import type {
  EnrolAnswer,
  EnrolRequest,
  Issued,
  RenewAnswer,
  RenewRequest,
} from '../../protocols/enrolment/messages.ts'
import type { NewEnrolmentAnswer } from '../../protocols/desk/villages/enrolments.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { normalMark } from '../../platform/certificates/certificate-check.ts'
import { codeId, codeKey, isProof, proofOf } from '../../platform/certificates/enrolment-proof.ts'
import type { NewEnrolment } from '../storage/enrolment-port.ts'
import type { Storage } from '../storage/port.ts'
import { readBoxRequest, type Authority, type SignedCertificate } from './authority.ts'

export interface EnrolmentSettings {
  /** Where boxes find this centre's pages: `https://town.example`. */
  centreUrl: string
  /** Where their Reports go: `mqtts://town.example:8883`. */
  uplinkUrl: string
  codeMs: number
  lifeMs: number
}

export interface BoxEnrolmentOptions {
  authority: Authority
  settings: EnrolmentSettings
  storage: Pick<
    Storage,
    | 'putEnrolment'
    | 'useEnrolment'
    | 'openEnrolment'
    | 'renewCertificate'
    | 'revokeCertificates'
    | 'revokeOlderCertificates'
    | 'revokedCertificates'
  >
  clock: Clock
  random: Random
  logger: Logger
}

const connectedMax = 50_000

/** The answer, and to which box it goes. */
interface Granted<T> {
  box: string
  answer: T
}

export type EnrolmentRefusal = 'no-code' | 'bad-request' | 'certificate-over'

/** A new code: what is stored of it, and what the person who made it gets. */
export function createCode(
  random: Random,
  authority: Pick<Authority, 'hash'>,
  asked: { centreUrl: string; expiresAtMs: number; box: string; name: string | undefined },
): { row: NewEnrolment; answer: NewEnrolmentAnswer } {
  const { centreUrl, expiresAtMs, box, name } = asked
  const code = createEnrolmentCode(Buffer.from(random.hex(codeBytes), 'hex'))
  return {
    row: { codeId: codeId(code), codeKey: codeKey(code), box, name, expiresAtMs },
    answer: { code, url: enrolmentUrl({ centre: centreUrl, code, authority: authority.hash }), expiresAtMs },
  }
}

export class BoxEnrolment {
  readonly #options: BoxEnrolmentOptions
  readonly #revoked = new Set<string>()
  /** Certificates whose predecessors were looked for. */
  readonly #connected = new Set<string>()
  #endSessions = (): void => undefined

  constructor(options: BoxEnrolmentOptions) {
    this.#options = options
  }

  /** `run` ends the sessions of certificates that were revoked just now. */
  onRevoked(run: () => void): void {
    this.#endSessions = run
  }

  /** Reads what is revoked: the uplink must not open before. */
  async start(): Promise<void> {
    const { storage, clock } = this.#options
    this.#revoke(await storage.revokedCertificates(clock.wallMs()))
  }

  /** `marks` as `certificateMarks` gives them. */
  readonly isRevoked = (marks: readonly string[]): boolean => marks.some((mark) => this.#revoked.has(mark))

  /** A new code; older ones of the box that are not used end. Undefined when there are too many. */
  async makeCode(box: string, name: string | undefined, by: string): Promise<NewEnrolmentAnswer | undefined> {
    const { storage, clock, random, settings, authority } = this.#options
    const nowMs = Math.round(clock.wallMs())
    const expiresAtMs = nowMs + settings.codeMs
    const { row, answer } = createCode(random, authority, {
      centreUrl: settings.centreUrl,
      expiresAtMs,
      box,
      name,
    })
    return (await storage.putEnrolment(row, by, nowMs)) ? answer : undefined
  }

  /** The certificate of the box for which the code was made; the same key gets the same one again. */
  async enrol({ id, request, proof }: EnrolRequest): Promise<Granted<EnrolAnswer> | EnrolmentRefusal> {
    const { storage, clock, settings, authority } = this.#options
    const asked = await readBoxRequest(request)
    if (!asked.ok) return 'bad-request'
    const nowMs = Math.round(clock.wallMs())
    const open = await storage.openEnrolment(id, nowMs)
    if (!open || !isProof(open.codeKey, asked.value.der, proof)) return 'no-code'
    const issuedTo = (certificate: string): Granted<EnrolAnswer> => {
      const { box, name } = open
      const issued: Issued = {
        box,
        ...(name === undefined ? {} : { name }),
        certificate,
        authority: authority.pem,
        uplinkUrl: settings.uplinkUrl,
        renewAtMs: renewAtMs(nowMs, settings),
      }
      const text = JSON.stringify(issued)
      return { box, answer: { issued: text, proof: proofOf(open.codeKey, text) } }
    }
    if (open.used) return open.used.key === asked.value.key ? issuedTo(open.used.pem) : 'no-code'
    const signed = await authority.sign(asked.value, open.box, nowMs + settings.lifeMs)
    const revoked = await storage.useEnrolment(id, rowOf(signed, open.box), nowMs)
    if (revoked === undefined) return 'no-code'
    if (revoked.length > 0) this.#cut(revoked)
    // Two questions at the same time: the stored certificate counts.
    const stored = (await storage.openEnrolment(id, nowMs))?.used
    return issuedTo(stored?.pem ?? signed.pem)
  }

  /** The successor of a certificate that counts, for the same box. The old one counts until the new one is used. */
  async renew(asking: RenewRequest): Promise<Granted<RenewAnswer> | EnrolmentRefusal> {
    const { certificate, request, signature } = asking
    const { storage, clock, settings, authority } = this.#options
    const asked = await readBoxRequest(request)
    if (!asked.ok) return 'bad-request'
    const old = nameIn(authority, certificate)
    if (!old || !isSigned(old.publicKey, asked.value.der, signature)) return 'certificate-over'
    if (this.#revoked.has(normalMark(old.serial))) return 'certificate-over'
    const nowMs = Math.round(clock.wallMs())
    const signed = await authority.sign(asked.value, old.box, nowMs + settings.lifeMs)
    const isStored = await storage.renewCertificate(old.serial, rowOf(signed, old.box), nowMs)
    return isStored ? { box: old.box, answer: { certificate: signed.pem } } : 'certificate-over'
  }

  /** A box has connected with this certificate: what it had before counts no more. `marks` as `certificateMarks` gives them. */
  readonly connected = ([serial]: readonly string[]): void => {
    const { storage, clock, logger } = this.#options
    if (serial === undefined || this.#connected.has(serial)) return
    this.#connected.add(serial)
    forgetOldest(this.#connected, connectedMax)
    storage
      .revokeOlderCertificates(serial, Math.round(clock.wallMs()))
      .then((serials) => {
        if (serials.length > 0) this.#cut(serials)
      })
      .catch((error: unknown) => {
        // Tried again when the box speaks next.
        this.#connected.delete(serial)
        logger.error({ err: error }, 'older certificates of a box stay valid')
      })
  }

  /** A box is locked out: answers the serial numbers of what it had. */
  async revoke(box: string, by: string): Promise<string[]> {
    const { storage, clock } = this.#options
    const serials = await storage.revokeCertificates(box, by, Math.round(clock.wallMs()))
    if (serials.length > 0) this.#cut(serials)
    return serials
  }

  #revoke(serials: readonly string[]): void {
    for (const serial of serials) this.#revoked.add(normalMark(serial))
  }

  #cut(serials: readonly string[]): void {
    this.#revoke(serials)
    this.#endSessions()
  }
}

/** Two thirds of the life. */
const renewAtMs = (nowMs: number, { lifeMs }: EnrolmentSettings): number =>
  Math.round(nowMs + (lifeMs * 2) / 3)

const rowOf = ({ serial, key, notAfterMs, pem }: SignedCertificate, box: string) => ({
  serial,
  key,
  box,
  notAfterMs,
  pem,
})

function nameIn(authority: Authority, pem: string): ReturnType<Authority['nameIn']> {
  try {
    return authority.nameIn(pem)
  } catch {
    return undefined
  }
}

function isSigned(
  publicKey: NonNullable<ReturnType<Authority['nameIn']>>['publicKey'],
  what: Uint8Array,
  signature: string,
): boolean {
  try {
    return verify('sha256', what, publicKey, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

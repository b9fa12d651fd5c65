// Enrolment of boxes: codes that can be used once, certificates for them, and their renewal. Neither side ever sends the code, so
// another centre that stands between them learns nothing, and the box takes nothing from it.
import { verify } from 'node:crypto'
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
import { sealText } from '../../platform/certificates/sealed-text.ts'
import { uploadDigest, type UploadPurpose } from '../../platform/certificates/signed-upload.ts'
import { codeId, codeKey, isProof, proofOf } from '../../platform/certificates/enrolment-proof.ts'
import type { NewEnrolment } from '../storage/enrolment-port.ts'
import type { Storage } from '../storage/port.ts'
import type { SignedCertificates } from './signed-certificates.ts'
import type { AuthoritySet } from './authority-set.ts'
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
  /** As it is now: it may be changed while the centre runs. */
  authority: () => AuthoritySet
  settings: EnrolmentSettings
  storage: Pick<Storage, 'putEnrolment' | 'useEnrolment' | 'openEnrolment' | 'renewCertificate' | 'boxCopy'>
  certificates: Pick<SignedCertificates, 'shutOut' | 'isRevoked'>
  clock: Clock
  random: Random
}

/** The answer, and to which box it goes. */
interface Granted<T> {
  box: string
  answer: T
}

export type EnrolmentRefusal = 'no-code' | 'bad-request' | 'certificate-over' | 'wrong-machine'

/** A new code: what is stored of it, and what the person who made it gets. */
export function createCode(
  random: Random,
  authority: Pick<Authority, 'hash'>,
  asked: {
    centreUrl: string
    expiresAtMs: number
    box: string
    name: string | undefined
    serial?: string | undefined
  },
): { row: NewEnrolment; answer: NewEnrolmentAnswer } {
  const { centreUrl, expiresAtMs, box, name, serial } = asked
  const code = createEnrolmentCode(Buffer.from(random.hex(codeBytes), 'hex'))
  return {
    row: { codeId: codeId(code), codeKey: codeKey(code), box, name, serial, expiresAtMs },
    answer: { code, url: enrolmentUrl({ centre: centreUrl, code, authority: authority.hash }), expiresAtMs },
  }
}

export class BoxEnrolment {
  readonly #options: BoxEnrolmentOptions

  constructor(options: BoxEnrolmentOptions) {
    this.#options = options
  }

  /** A new code; older ones of the box that are not used end. Undefined when there are too many. */
  async makeCode(
    { box, name, serial }: Pick<NewEnrolment, 'box' | 'name' | 'serial'>,
    by: string,
  ): Promise<NewEnrolmentAnswer | undefined> {
    const { storage, clock, random, settings } = this.#options
    const authority = this.#options.authority()
    const nowMs = Math.round(clock.wallMs())
    const expiresAtMs = nowMs + settings.codeMs
    const { row, answer } = createCode(random, authority, {
      centreUrl: settings.centreUrl,
      expiresAtMs,
      box,
      name,
      serial,
    })
    return (await storage.putEnrolment(row, by, nowMs)) ? answer : undefined
  }

  /** The certificate of the box for which the code was made; the same key gets the same one again. */
  async enrol({
    id,
    request,
    proof,
    serial,
  }: EnrolRequest): Promise<Granted<EnrolAnswer> | EnrolmentRefusal> {
    const { storage, clock, settings, certificates } = this.#options
    const authority = this.#options.authority()
    const asked = await readBoxRequest(request)
    if (!asked.ok) return 'bad-request'
    const nowMs = Math.round(clock.wallMs())
    const open = await storage.openEnrolment(id, nowMs)
    if (!open || !isProof(open.codeKey, asked.value.der, proof)) return 'no-code'
    if (open.serial !== undefined && open.serial !== serial) return 'wrong-machine'
    const copy = await storage.boxCopy(open.box)
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
      // Read by the box that knows the code, and by none that only listens.
      const sealed = copy && { copy: sealText(open.codeKey, 'copy', copy.body) }
      return { box, answer: { issued: text, proof: proofOf(open.codeKey, text), ...sealed } }
    }
    if (open.used) return open.used.key === asked.value.key ? issuedTo(open.used.pem) : 'no-code'
    const signed = await authority.sign(asked.value, open.box, nowMs + settings.lifeMs)
    const revoked = await storage.useEnrolment(id, rowOf(signed, open.box), nowMs)
    if (revoked === undefined) return 'no-code'
    certificates.shutOut(revoked)
    // Two questions at the same time: the stored certificate counts.
    const stored = (await storage.openEnrolment(id, nowMs))?.used
    return issuedTo(stored?.pem ?? signed.pem)
  }

  /** The successor of a certificate that counts, for the same box. The old one counts until the new one is used. */
  async renew(asking: RenewRequest): Promise<Granted<RenewAnswer> | EnrolmentRefusal> {
    const { certificate, request, signature } = asking
    const { storage, clock, settings, certificates } = this.#options
    const authority = this.#options.authority()
    const asked = await readBoxRequest(request)
    if (!asked.ok) return 'bad-request'
    const old = nameIn(authority, certificate)
    // An expired certificate renews nothing: a person may have found it on a card that was thrown away.
    if (old && old.endsMs < clock.wallMs()) return 'certificate-over'
    if (!old || !isSigned(old.publicKey, asked.value.der, signature)) return 'certificate-over'
    if (certificates.isRevoked([normalMark(old.serial)])) return 'certificate-over'
    const nowMs = Math.round(clock.wallMs())
    const signed = await authority.sign(asked.value, old.box, nowMs + settings.lifeMs)
    const isStored = await storage.renewCertificate(old.serial, rowOf(signed, old.box), nowMs)
    return isStored ? { box: old.box, answer: { certificate: signed.pem } } : 'certificate-over'
  }

  /** Which authorities count now. */
  authorities(): AuthoritySet['statement'] {
    return this.#options.authority().statement
  }

  /** The box that has signed these bytes with a certificate that counts. */
  signerOf(
    upload: { purpose: UploadPurpose; atMs: number; bytes: Uint8Array },
    { certificate, signature }: { certificate: string; signature: string },
  ): string | undefined {
    const { certificates, clock } = this.#options
    const own = nameIn(this.#options.authority(), certificate)
    if (!own || own.endsMs < clock.wallMs() || certificates.isRevoked([normalMark(own.serial)]))
      return undefined
    const { purpose, atMs, bytes } = upload
    return isSigned(own.publicKey, uploadDigest(purpose, atMs, bytes), signature) ? own.box : undefined
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

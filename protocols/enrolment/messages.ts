// What a box and its centre say to each other before they share a certificate. Both prove that they know the code, and neither
// sends it: a listener, or a centre between them with another certificate, learns nothing that can be used.
import { z } from 'zod'
import { boxIdPattern } from '../domain/names.ts'
import { copyCharsMax } from './box-copy.ts'

export const pemCharsMax = 4096
/** Of a box's name. */
export const nameCharsMax = 120
const pem = z.string().min(1).max(pemCharsMax)
const hash = z.string().regex(/^[0-9a-f]{64}$/)

const serialPattern = /^[\w.:/+-]{1,64}$/
/** A serial number of a machine: of its board, or of the workshop. */
export const isSerial = (text: string): boolean => serialPattern.test(text)
export const serialSchema = z.string().regex(serialPattern, 'letters, digits and . _ - : / +, at most 64')

/** `POST /enrol`. */
export const enrolRequestSchema = z.strictObject({
  /** Which code, see `codeId`. */
  id: hash,
  /** PKCS#10 in PEM; its subject is not looked at. */
  request: pem,
  /** HMAC-SHA256 of the request's DER bytes with the code's key. */
  proof: hash,
  /** Of the machine, where it has one: a code may have been made for one machine alone. */
  serial: serialSchema.optional(),
})
export type EnrolRequest = z.infer<typeof enrolRequestSchema>

/** `POST /enrol/renew`: signed with the key of the certificate that ends. */
export const renewRequestSchema = z.strictObject({
  certificate: pem,
  request: pem,
  /** ECDSA with SHA-256 over the new request's DER bytes, DER in Base64. */
  signature: z.string().min(1).max(512),
})
export type RenewRequest = z.infer<typeof renewRequestSchema>

export const issuedSchema = z.object({
  box: z.string().regex(boxIdPattern),
  name: z.string().max(nameCharsMax).optional(),
  certificate: pem,
  /** The one that signs first; two while it is changed. */
  authority: z
    .string()
    .min(1)
    .max(4 * pemCharsMax),
  /** Where Reports go: `mqtts://town.example:8883`. */
  uplinkUrl: z.string().min(1).max(1000),
  /** From then on the box asks for the next certificate. */
  renewAtMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
})
/** What a box receives. */
export type Issued = z.infer<typeof issuedSchema>

/** `issued` is the JSON of an `Issued`; `proof` its HMAC-SHA256 with the code's key. */
export const enrolAnswerSchema = z.object({
  issued: z.string().min(2).max(16_384),
  proof: hash,
  /** The copy of the box that this one replaces: a `BoxCopy` in JSON, sealed with the code's key. */
  copy: z
    .string()
    .max(4 * copyCharsMax)
    .optional(),
})
export type EnrolAnswer = z.infer<typeof enrolAnswerSchema>

/** `POST /enrol/renew` is answered without a proof: the new certificate counts by its signature. */
export const renewAnswerSchema = z.object({ certificate: pem })
export type RenewAnswer = z.infer<typeof renewAnswerSchema>

/** `statement` of `AuthorityStatement`: the one that signs now comes first. */
export const authorityListSchema = z.object({ v: z.literal(1), authorities: z.array(pem).min(1).max(4) })

/** `GET /enrol/authority`: which authorities count, signed by the first of them. */
export const authorityStatementSchema = z.object({
  /** JSON of `authorityListSchema`. */
  statement: z
    .string()
    .min(2)
    .max(8 * pemCharsMax),
  /** ECDSA with SHA-256, DER in Base64. */
  signature: z.string().min(1).max(512),
  /** The first one's key, signed by the one before: proof for boxes that trust that one. */
  cross: pem.optional(),
})
export type AuthorityStatement = z.infer<typeof authorityStatementSchema>

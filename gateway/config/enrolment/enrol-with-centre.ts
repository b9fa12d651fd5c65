// The box's side of enrolment: it makes its key, proves to the centre that it knows the code without sending it, and takes a certificate
// only from a centre that proves the same. So the certificate of the connection is not checked here.
import { createHash, createPublicKey, sign, X509Certificate } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { z } from 'zod'
import { codeId, codeKey, isProof, proofOf } from '../../../platform/certificates/enrolment-proof.ts'
import { parseAuthorities } from '../../../platform/certificates/certificate-check.ts'
import { openText } from '../../../platform/certificates/sealed-text.ts'
import { messageOf } from '../../../platform/failure.ts'
import { boxCopySchema, copyCharsMax, type BoxCopy } from '../../../protocols/enrolment/box-copy.ts'
import {
  authorityStatementSchema,
  enrolAnswerSchema,
  issuedSchema,
  renewAnswerSchema,
  type AuthorityStatement,
  type Issued,
} from '../../../protocols/enrolment/messages.ts'
import type { EnrolmentLink } from '../../../protocols/enrolment/enrolment-code.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../protocols/kit/parse-json.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import { createKey, createRequest } from './box-request.ts'
import { readSerial } from './box-serial.ts'
import { placeCopy } from './taken-over.ts'
import { readAskedKey, writeAskedKey, writeEnrolled, type Enrolled } from './enrolled-file.ts'

const problemSchema = z.object({
  error: z.object({ message: z.object({ zh: z.string().max(500), en: z.string().max(500) }) }),
})
const answerBytesMax = 64 * 1024
/** With the copy of the box before, sealed and in Base64. */
const enrolBytesMax = answerBytesMax + 4 * copyCharsMax
const answerMsMax = 30_000

export interface EnrolOptions {
  dataDir: string
  /** Where the centre's pages are, and the code; the hash is checked where it is known. */
  link: Omit<EnrolmentLink, 'authority'> & { authority?: string | undefined }
  /** Of the machine; its own by default. */
  serial?: string | undefined
}

const keyHash = (key: ReturnType<typeof createPublicKey>): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/** Enrols, and keeps what came of it. The same code again after a power cut, or a lost answer, ends the same way. */
export async function enrolWithCentre({
  dataDir,
  link,
  serial = readSerial(),
}: EnrolOptions): Promise<Result<Enrolled>> {
  const id = codeId(link.code)
  const key = readAskedKey(dataDir, id) ?? createKey()
  writeAskedKey(dataDir, id, key)
  const secret = codeKey(link.code)
  const { pem, der } = await createRequest(key)
  const body = { id, request: pem, proof: proofOf(secret, der), ...(serial === undefined ? {} : { serial }) }
  const answer = await post(`${link.centre}/enrol`, body, enrolAnswerSchema, enrolBytesMax)
  if (!answer.ok) return answer
  const { issued: text, proof, copy: sealed } = answer.value
  if (!isProof(secret, text, proof))
    return bad('the server that answered can not prove that it knows the code: nothing was taken from it')
  const parsed = parseJson(text, answerBytesMax)
  const issued = parsed.ok ? fromZod(issuedSchema, parsed.value) : parsed
  if (!issued.ok) return issued
  const fault = findFault(issued.value, key, link.authority)
  if (fault !== undefined) return bad(fault)
  const copy = sealed === undefined ? undefined : readCopy(secret, sealed)
  if (copy && !copy.ok) return copy
  // Before the enrolment: a kill between the two leaves a code that this box uses again.
  if (copy) placeCopy(dataDir, issued.value.box, copy.value)
  const enrolled: Enrolled = { v: 1, ...issued.value, centreUrl: link.centre, key }
  writeEnrolled(dataDir, enrolled)
  return ok(enrolled)
}

function readCopy(secret: string, sealed: string): Result<BoxCopy> {
  const text = openText(secret, 'copy', sealed)
  if (text === undefined) return bad('the copy of the box before was changed on its way: nothing was taken')
  const parsed = parseJson(text, 4 * copyCharsMax)
  return parsed.ok ? fromZod(boxCopySchema, parsed.value) : parsed
}

/** Which authorities the centre names now, as `followAuthority` reads it. */
export const askAuthorities = (old: Pick<Enrolled, 'centreUrl'>): Promise<Result<AuthorityStatement>> =>
  post(`${old.centreUrl}/enrol/authority`, undefined, authorityStatementSchema)

/** The successor of the box's certificate, with a new key. The caller stores it. */
export async function renewAtCentre(old: Enrolled, nowMs: number): Promise<Result<Enrolled>> {
  const key = createKey()
  const { pem, der } = await createRequest(key)
  const signature = sign('sha256', der, old.key).toString('base64')
  const body = { certificate: old.certificate, request: pem, signature }
  const answer = await post(`${old.centreUrl}/enrol/renew`, body, renewAnswerSchema)
  if (!answer.ok) return answer
  const renewed: Enrolled = { ...old, certificate: answer.value.certificate, key }
  const fault = findFault(renewed, key, undefined)
  if (fault !== undefined) return bad(fault)
  // Only the certificate proves itself here, so the date of the next renewal comes from it: two thirds of its life.
  const endsMs = Date.parse(new X509Certificate(renewed.certificate).validTo)
  return ok({ ...renewed, renewAtMs: Math.round(nowMs + ((endsMs - nowMs) * 2) / 3) })
}

function findFault(
  { box, certificate, authority }: Issued,
  key: string,
  hash: string | undefined,
): string | undefined {
  try {
    const own = new X509Certificate(certificate)
    const authorities = parseAuthorities(authority)
    if (hash !== undefined && !authorities.some((ca) => keyHash(ca.publicKey) === hash))
      return 'the authority is not the one of the QR code: it is not the centre that made it; nothing was taken'
    if (!authorities.some((ca) => ca.ca && own.checkIssued(ca) && own.verify(ca.publicKey)))
      return 'the certificate is not signed by the authority that came with it'
    if (keyHash(own.publicKey) !== keyHash(createPublicKey(key))) return 'the certificate is for another key'
    return own.subject === `CN=${box}` ? undefined : 'the certificate is for another box'
  } catch (error) {
    return `the certificate can not be read: ${messageOf(error)}`
  }
}

function post<T>(
  url: string,
  body: object | undefined,
  schema: z.ZodType<T>,
  bytesMax = answerBytesMax,
): Promise<Result<T>> {
  return new Promise((resolve) => {
    const fail = (why: string): void => resolve(bad(why))
    const content = body === undefined ? '' : JSON.stringify(body)
    const isTls = url.startsWith('https:')
    const asked = (isTls ? httpsRequest : httpRequest)(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) },
        // Both sides prove by the code who they are; the centre's own authority is not known before.
        rejectUnauthorized: false,
        signal: AbortSignal.timeout(answerMsMax),
      },
      (reply) => {
        const chunks: Buffer[] = []
        let bytes = 0
        reply.on('error', (error) => fail(messageOf(error)))
        reply.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes <= bytesMax) chunks.push(chunk)
          else asked.destroy(new Error('the answer is too long'))
        })
        reply.on('end', () => {
          const read = parseJson(Buffer.concat(chunks), bytesMax)
          if (reply.statusCode !== 200) return fail(refusalText(reply.statusCode, read))
          resolve(read.ok ? fromZod(schema, read.value) : read)
        })
      },
    )
    asked.on('error', (error) => fail(`${url}: ${messageOf(error)}`))
    // After an answer it changes nothing; without one, such as after 101 Switching Protocols, no error follows.
    asked.on('close', () => fail('the connection ended without an answer'))
    asked.end(content)
  })
}

/** The centre's own words, else the status. */
function refusalText(status: number | undefined, read: Result<unknown>): string {
  const problem = read.ok ? fromZod(problemSchema, read.value) : read
  if (!problem.ok) return `the centre answered ${status ?? 'nothing'}`
  const { zh, en } = problem.value.error.message
  return `${zh} / ${en}`
}

// Sends answers other than JSON of a route: pages, pictures and files of cases, each under a policy of its own, and
// errors.
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import { StorageFailure } from '../storage/storage-failure.ts'
import { ApiProblem, errorAnswer, statusOf, type Detail, type ProblemCode } from './problems.ts'
import type { FileAnswer, PageAnswer, StoredAnswer } from './route.ts'

export function sendPage(reply: FastifyReply, { page, type, name, styleHash }: PageAnswer): FastifyReply {
  if (styleHash !== undefined)
    reply.header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'`,
    )
  if (name !== undefined) reply.header('content-disposition', `attachment; filename="${name}"`)
  return reply.type(`${type}; charset=utf-8`).header('cache-control', 'no-store').send(page)
}

/**
 * Never cached by a browser: a shared PC would show it to the next person. Each request for it is a view in the log.
 */
export function sendPicture(
  reply: FastifyReply,
  { jpeg, name }: { jpeg: Uint8Array; name: string },
): FastifyReply {
  return reply
    .header('cache-control', 'private, no-store')
    .type('image/jpeg')
    .header('content-disposition', `inline; filename="${name}.jpg"`)
    .send(Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength))
}

/** Pictures are shown in the page, documents are saved; neither may load, run or frame anything. */
export function sendFile(reply: FastifyReply, { file, type, name }: FileAnswer): FastifyReply {
  const how = type.startsWith('image/') ? 'inline' : 'attachment'
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '_')
  return reply
    .header('content-security-policy', "default-src 'none'; sandbox; frame-ancestors 'none'")
    .header('cache-control', 'private, no-store')
    .header('content-disposition', `${how}; filename="${plain}"; filename*=UTF-8''${encodeName(name)}`)
    .type(type)
    .send(Buffer.from(file.buffer, file.byteOffset, file.byteLength))
}

/** A plan or the map: asked again each time, and sent only when it has changed. */
export function sendStored(reply: FastifyReply, { stored: { folder, name } }: StoredAnswer): FastifyReply {
  return reply
    .header('content-security-policy', "default-src 'none'; sandbox; frame-ancestors 'none'")
    .header('cache-control', 'private, no-cache')
    .sendFile(name, folder, { cacheControl: false, dotfiles: 'deny' })
}

/** RFC 8187. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)

export function sendError(reply: FastifyReply, error: unknown, logger: Logger): FastifyReply {
  const { code, detail, alarm } = problemOfError(error, logger)
  return reply
    .code(statusOf(code))
    .header('cache-control', 'no-store')
    .send(errorAnswer(code, detail, alarm))
}

function problemOfError(
  error: unknown,
  logger: Logger,
): { code: ProblemCode; detail: Detail; alarm?: DeskAlarm | undefined } {
  if (error instanceof ApiProblem) return error
  if (error instanceof StorageFailure) {
    logger.error({ err: error }, 'a request failed in storage')
    return { code: 'storage-failing', detail: '' }
  }
  const statusCode = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  const status = typeof statusCode === 'number' ? statusCode : 500
  if (status === 413) return { code: 'too-large', detail: '' }
  if (status === 415) return { code: 'wrong-type', detail: '' }
  if (status >= 400 && status < 500) return { code: 'bad-request', detail: '' }
  logger.error({ err: error }, 'a request failed')
  return { code: 'internal', detail: '' }
}

// Sends answers other than JSON: pages, pictures and files of cases, each under a policy of its own.
import type { FastifyReply } from 'fastify'
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
  const how = type === 'application/pdf' || type === 'application/gzip' ? 'attachment' : 'inline'
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

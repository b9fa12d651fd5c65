// What bodies the server takes: JSON of a few KB everywhere, and files on the routes that accept them.
import type { FastifyInstance } from 'fastify'
import { attachmentTypes } from '../../protocols/desk/attachments.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'

/** Largest JSON body. */
export const bodyBytesMax = 16 * 1024
/** JSON of a whole list, such as all rules of a town. */
export const listBytesMax = 512 * 1024
/** Pieces of a photo. */
export const pieceType = 'application/octet-stream'

export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? undefined : JSON.parse(text.toString()))
    } catch {
      done(new ApiProblem('bad-request', 'not JSON'))
    }
  })
  app.addContentTypeParser([...attachmentTypes, pieceType], { parseAs: 'buffer' }, (_request, bytes, done) =>
    done(null, bytes),
  )
}

/** Bytes for a route that takes files, JSON for every other: the one in place of the other is refused. */
export function checkUpload(
  { upload }: Route,
  body: unknown,
  type: string | undefined,
): Uint8Array | undefined {
  const isFile = Buffer.isBuffer(body)
  if (!upload) {
    if (isFile) throw new ApiProblem('wrong-type')
    return undefined
  }
  const declaredType = type?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!isFile || !upload.types.includes(declaredType))
    throw new ApiProblem('wrong-type', upload.types.join(', '))
  return body
}

// The body of a request to the console: read to its bound, and with the signed-in person's name in it.
import type { IncomingMessage } from 'node:http'
import { isObject, parseJson } from '../../../protocols/kit/parse-json.ts'

/** Undefined when it is longer than `bytesMax`. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Bodies that carry a name are JSON of this size at most. */
const jsonBytesMax = 8 * 1024 * 1024

/** A signed-in person acts in the own name, also where the page sends another one. */
export function withPerson(body: Uint8Array, name: string | undefined): Uint8Array {
  if (name === undefined) return body
  const read = parseJson(body, jsonBytesMax)
  return read.ok && isObject(read.value) ? Buffer.from(JSON.stringify({ ...read.value, by: name })) : body
}

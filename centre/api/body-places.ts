// Bodies of more than a few KB that are being read, in bytes: of each sender and of all together. They are in memory
// until they are complete, so a few hundred senders of megabytes would end the program.
import type { IncomingHttpHeaders } from 'node:http'
import { networkOf } from '../../platform/strangers/network-address.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'
import { bodyBytesMax } from './uploads.ts'

const megabyte = 1024 * 1024

/** `strangers`: requests without a session, by network; `people`: by account. A file of a case has up to 8 MB. */
export const bodyBytesLimits = {
  strangers: { perSender: 8 * megabyte, all: 32 * megabyte },
  people: { perSender: 24 * megabyte, all: 128 * megabyte },
} as const

export interface BodySender {
  kind: keyof typeof bodyBytesLimits
  /** The account, or the network. */
  name: string
}

export class BodyPlaces {
  readonly #bytes = new Map<string, number>()

  /** For a request to this route, by its announced length. A small body, or one that will be refused, takes no room. */
  enterFor(
    route: Route,
    headers: IncomingHttpHeaders,
    user: string | undefined,
    address: string,
  ): () => void {
    const bytesMax = route.upload?.bytesMax ?? route.bodyBytesMax ?? bodyBytesMax
    const bytes = Number(headers['content-length'] ?? bytesMax)
    if (bytesMax <= bodyBytesMax || !(bytes <= bytesMax)) return () => undefined
    if (user !== undefined) return this.enter({ kind: 'people', name: user }, bytes)
    return this.enter({ kind: 'strangers', name: networkOf(address) }, bytes)
  }

  /** Call the result when the request has ended. Throws `busy` when there is no room. */
  enter({ kind, name }: BodySender, bytes: number): () => void {
    const { perSender, all } = bodyBytesLimits[kind]
    const sums = [
      [`${kind} ${name}`, perSender],
      [kind, all],
    ] as const
    if (sums.some(([key, max]) => this.#of(key) + bytes > max)) throw new ApiProblem('busy')
    for (const [key] of sums) this.#bytes.set(key, this.#of(key) + bytes)
    return () => {
      for (const [key] of sums) {
        const left = this.#of(key) - bytes
        if (left > 0) this.#bytes.set(key, left)
        else this.#bytes.delete(key)
      }
    }
  }

  #of(key: string): number {
    return this.#bytes.get(key) ?? 0
  }
}

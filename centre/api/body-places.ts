// Bodies of more than a few KB that are being read, in bytes: of each sender and of all together. They are in memory
// until they are complete, so a few hundred senders of megabytes would end the program.
import { ApiProblem } from './problems.ts'

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

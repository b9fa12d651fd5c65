// Makes the links that people who are sent get: 256 random bits in the fragment of an address, of which the centre keeps the hash.
import { createHash } from 'node:crypto'
import type { NewResponseLink } from '../../protocols/desk/responder.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Storage } from '../storage/port.ts'

const tokenBytes = 32
export const responderPath = 'respond/'

/** Of a link's token, and of a phone's own key: neither is stored itself. */
export const linkHash = (token: string): string => createHash('sha256').update(`link ${token}`).digest('hex')

export interface ResponseLinksOptions {
  storage: Pick<Storage, 'putResponseLinks'>
  clock: Clock
  random: Random
  lifeMs: number
}

export class ResponseLinks {
  readonly #options: ResponseLinksOptions

  constructor(options: ResponseLinksOptions) {
    this.#options = options
  }

  /** One link for each name; undefined when the case takes no more, or is over. */
  async make(
    caseId: string,
    dispatch: number,
    names: readonly string[],
    by: string,
  ): Promise<NewResponseLink[] | undefined> {
    const { storage, clock, random, lifeMs } = this.#options
    if (names.length === 0) return []
    const nowMs = clock.wallMs()
    const expiresAtMs = Math.round(nowMs + lifeMs)
    const made = names.map((to) => ({ to, token: random.hex(tokenBytes) }))
    const rows = made.map(({ to, token }) => ({ hash: linkHash(token), to, dispatch, expiresAtMs }))
    if (!(await storage.putResponseLinks(caseId, rows, by, nowMs))) return undefined
    return made.map(({ to, token }) => ({ to, path: `${responderPath}#${token}`, expiresAtMs }))
  }
}

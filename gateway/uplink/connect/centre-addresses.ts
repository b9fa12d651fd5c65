// Which address the next attempt to connect uses: the first and its reserve in order, or one of several equal centres.
import type { Random } from '../../../protocols/kit/random.ts'
import type { UplinkSettings } from '../../config/uplink-settings.ts'

/** Attempts in a row at the first address before its reserve is tried. */
const attemptsBeforeReserve = 2

export class CentreAddresses {
  readonly #addresses: readonly string[]
  readonly #areEqual: boolean
  #attempt = 0

  /** Equal centres are shuffled once per start, so that the boxes of a town spread over them. */
  constructor(
    { url, reserveUrl, urls }: Pick<UplinkSettings, 'url' | 'reserveUrl' | 'urls'>,
    random: Random,
  ) {
    this.#areEqual = urls !== undefined
    this.#addresses = urls ? shuffled(urls, random) : reserveUrl ? [url, reserveUrl] : [url]
  }

  get current(): string {
    const turn = this.#areEqual ? this.#attempt : Math.floor(this.#attempt / attemptsBeforeReserve)
    return this.#addresses[turn % this.#addresses.length] ?? ''
  }

  /**
   * An attempt failed, or a connection ended; `hasWorked`: the centre had answered with a Receipt. An equal centre is left then: if it
   * is frozen, it would take the connection and answer nothing for `connectSeconds`.
   */
  ended(hasWorked: boolean): void {
    this.#attempt = hasWorked && !this.#areEqual ? 0 : this.#attempt + 1
  }
}

function shuffled(addresses: readonly string[], random: Random): string[] {
  const rest = [...addresses]
  const order: string[] = []
  while (rest.length > 0) order.push(...rest.splice(random.between(0, rest.length - 1), 1))
  return order
}

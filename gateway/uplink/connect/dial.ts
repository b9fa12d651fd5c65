// Opens the TCP connection to a host: every address of its name is tried, a pending attempt continues when the next
// one starts, and while an alarm waits, more SYNs are sent than the kernel would send.
import { lookup } from 'node:dns/promises'
import net from 'node:net'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { opened } from './opened.ts'
import { ConnectFailure, reasonOf } from './connect-failure.ts'

/**
 * The next address is tried after this time, while earlier attempts continue (RFC 8305). Node's own
 * `autoSelectFamily` closes each attempt after 250 ms: on a link with a round trip of 400 ms it never connects.
 */
const nextAddressMs = 250
/**
 * While red or orange waits, another SYN is sent this long after the last: the kernel's own pauses double up to many
 * seconds.
 */
const redialMs = 1000
const lookEachMs = 250
/** Attempts that may run at once. */
const attemptsMax = 16
/** Addresses of one name that are tried; further ones are ignored. */
const addressesMax = 8

export interface DialOptions {
  signal: AbortSignal
  clock: Clock
  /** A red or orange record waits for this connection. */
  isUrgent: () => boolean
  /** All addresses of a name, for tests; the system's resolver by default. */
  resolveName?: (host: string) => Promise<readonly string[]>
}

/** The first attempt that connects; rejects with a reason when all have failed, or when `signal` aborts. */
export async function dial(host: string, port: number, options: DialOptions): Promise<net.Socket> {
  const { signal, resolveName = systemAddresses } = options
  if (signal.aborted) throw new ConnectFailure(reasonOf(signal.reason))
  const addresses = await Promise.race([addressesOf(host, resolveName), abortOf(signal, host)])
  return dialAddresses(addresses, host, port, options)
}

async function addressesOf(
  host: string,
  resolveName: NonNullable<DialOptions['resolveName']>,
): Promise<readonly string[]> {
  if (net.isIP(host) !== 0) return [host]
  let found: readonly string[]
  try {
    found = await resolveName(host)
  } catch (error) {
    throw new ConnectFailure(`the name ${host} was not found: ${reasonOf(error)}`, { cause: error })
  }
  if (found.length === 0) throw new ConnectFailure(`the name ${host} has no address`)
  return alternateFamilies([...new Set(found)]).slice(0, addressesMax)
}

async function systemAddresses(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)
}

/** The resolver can take longer than the attempt allows and can not be stopped; a late answer is ignored. */
function abortOf(signal: AbortSignal, host: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void =>
      reject(new ConnectFailure(`${reasonOf(signal.reason)}: no answer to the name ${host}`))
    signal.addEventListener('abort', abort, { once: true })
  })
}

/** The resolver's order, but alternating between the families: an unreachable family costs one step, not eight. */
export function alternateFamilies(addresses: readonly string[]): string[] {
  const isFirstFamily = (address: string): boolean => net.isIP(address) === net.isIP(addresses[0] ?? '')
  const [first, second] = [
    addresses.filter(isFirstFamily),
    addresses.filter((address) => !isFirstFamily(address)),
  ]
  return addresses.flatMap((_, i) => [first[i], second[i]].filter((address) => address !== undefined))
}

function dialAddresses(
  addresses: readonly string[],
  host: string,
  port: number,
  { signal, clock, isUrgent }: DialOptions,
): Promise<net.Socket> {
  const giveUp = new AbortController()
  const failures = new Map<string, string>()
  const describe = (): string =>
    addresses.map((address) => `${address}: ${failures.get(address) ?? 'no answer'}`).join('; ')
  return new Promise((resolve, reject) => {
    let [attempts, failed, dialledMs, isDone] = [0, 0, 0, false]
    let cancelLook = (): void => undefined
    const finish = (chosen: net.Socket | undefined, reason = ''): void => {
      if (isDone) return void chosen?.destroy()
      isDone = true
      cancelLook()
      signal.removeEventListener('abort', abort)
      giveUp.abort(new Error('another attempt was quicker'))
      if (chosen) resolve(chosen)
      else reject(new ConnectFailure(reason))
    }
    const abort = (): void =>
      finish(undefined, `${reasonOf(signal.reason)} (${host} port ${port}: ${describe()})`)
    const attempt = (): void => {
      const address = addresses[attempts % addresses.length] ?? host
      attempts++
      dialledMs = clock.monotonicMs()
      const socket = net.connect({ host: address, port })
      opened(socket, 'connect', giveUp.signal)
        .then(() => finish(socket))
        .catch((error: unknown) => {
          if (isDone) return
          failures.set(address, reasonOf(error))
          failed++
          if (attempts < addresses.length) attempt()
          else if (failed === attempts) finish(undefined, `${host} port ${port}: ${describe()}`)
        })
    }
    const look = (): void => {
      cancelLook = clock.after(lookEachMs, () => {
        look()
        const sinceMs = clock.monotonicMs() - dialledMs
        const isNextDue = attempts < addresses.length && sinceMs >= nextAddressMs
        const isRedialDue = isUrgent() && sinceMs >= redialMs && attempts < attemptsMax
        if (isNextDue || isRedialDue) attempt()
      })
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    attempt()
    look()
  })
}

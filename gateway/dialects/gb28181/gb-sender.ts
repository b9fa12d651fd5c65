// What a request of a camera says about its sender.
import { gbIdPattern } from '../../../platform/gb28181/gb-codes.ts'
import { headerOf, parseAddress, parseSipUri, type SipRequest } from '../../../platform/sip/sip-message.ts'
import type { SipLink } from '../../../platform/sip/sip-transactions.ts'

/** Devices of the 2016 edition know MD5 only, and may fail on what they do not know. */
export const algorithmsFor = (request: SipRequest): string[] =>
  headerOf(request, 'x-gb-ver')?.startsWith('3') === true ? ['SHA-256', 'MD5'] : ['MD5']

/** Where a datagram or connection came from. */
export const uriAt = (code: string, { remote }: SipLink): string =>
  `sip:${code}@${remote.host}:${remote.port}`

/** The sender: From, twenty digits. */
export function codeOf(request: SipRequest): string | undefined {
  const user = parseSipUri(parseAddress(headerOf(request, 'from') ?? '')?.uri ?? '')?.user
  return user !== undefined && gbIdPattern.test(user) ? user : undefined
}

// The identity that a connection claims, and the internal client id of its session.
import { isDeviceId } from '../../../protocols/domain/names.ts'
import type { RefusalCause } from '../refusals.ts'

export interface Identity {
  device: string
  proof: 'certificate' | 'password' | 'anonymous'
}

export interface IdentityQuestion {
  certificateName: string | undefined
  username: string | undefined
  clientId: string
  isAnonymousAllowed: boolean
  /** True when there is a password to check against. */
  hasCredentials: boolean
  /** In open access a client id need not be a device id. */
  isOpen: boolean
}

/**
 * The order is fixed: a certificate comes before a user name, a user name before a client id. No claim is proven at
 * this point.
 */
export function claimedIdentity(question: IdentityQuestion): Identity | RefusalCause {
  const { certificateName, username, clientId, isAnonymousAllowed } = question
  if (certificateName !== undefined)
    return isDeviceId(certificateName) ? { device: certificateName, proof: 'certificate' } : 'device-name'
  // Without a password file a user name proves no more than a client id.
  if (username !== undefined && (question.hasCredentials || !isAnonymousAllowed))
    return isDeviceId(username) ? { device: username, proof: 'password' } : 'device-name'
  if (!isAnonymousAllowed) return 'anonymous-refused'
  if (!question.isOpen && !isDeviceId(clientId)) return 'device-name'
  return { device: clientId, proof: 'anonymous' }
}

/**
 * Sessions of one device start with this prefix; a device id contains no colon, so no other device shares the prefix.
 */
export function sessionPrefix(identity: Identity): string {
  return identity.proof === 'anonymous' ? `a:${identity.device}` : `d:${identity.device}:`
}

/** The client id that aedes works with: two identities never share one, whatever client ids they choose. */
export function internalClientId(identity: Identity, clientId: string): string {
  return identity.proof === 'anonymous' ? sessionPrefix(identity) : sessionPrefix(identity) + clientId
}

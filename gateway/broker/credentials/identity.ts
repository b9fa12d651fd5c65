// Who a connection says it is, and under which internal client id its session is filed.
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
  /** Whether there is anything to check a password against. */
  hasCredentials: boolean
  /** In open access a client id need not be a device id. */
  isOpen: boolean
}

/** The order is fixed: a certificate beats a user name, a user name beats a client id. Nothing is proven yet. */
export function claimedIdentity(question: IdentityQuestion): Identity | RefusalCause {
  const { certificateName, username, clientId, isAnonymousAllowed } = question
  if (certificateName !== undefined)
    return isDeviceId(certificateName) ? { device: certificateName, proof: 'certificate' } : 'device-name'
  // Without a password file a user name proves as little as a client id does.
  if (username !== undefined && (question.hasCredentials || !isAnonymousAllowed))
    return isDeviceId(username) ? { device: username, proof: 'password' } : 'device-name'
  if (!isAnonymousAllowed) return 'anonymous-refused'
  if (!question.isOpen && !isDeviceId(clientId)) return 'device-name'
  return { device: clientId, proof: 'anonymous' }
}

/** Sessions of one device start with this; a device id holds no colon, so no other device can be inside. */
export function sessionPrefix(identity: Identity): string {
  return identity.proof === 'anonymous' ? `a:${identity.device}` : `d:${identity.device}:`
}

/** The client id aedes works with: two identities never share one, whatever client ids they choose. */
export function internalClientId(identity: Identity, clientId: string): string {
  return identity.proof === 'anonymous' ? sessionPrefix(identity) : sessionPrefix(identity) + clientId
}

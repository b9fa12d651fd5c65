// Accepts a connection or refuses it with a reason: claim, proof, last will, takeover of its own older connection.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { AuthenticateError, Client, ConnectPacket } from 'aedes'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import type { Access } from '../credentials/access.ts'
import type { Claim, Connection } from './connection.ts'
import { claimedIdentity, internalClientId, sessionPrefix, type Identity } from '../credentials/identity.ts'
import type { Places } from './places.ts'
import type { Credentials } from '../port.ts'
import type { RefusalCause, Refusals } from '../refusals.ts'
import type { RefusedDevices } from './refused-devices.ts'
import type { SessionStore } from '../sessions/session-store.ts'
import { hasUnwantedCharacters } from '../topic-text.ts'
import { clearSessionPresent } from '../aedes-internals.ts'

export interface AdmissionOptions {
  settings: BrokerSettings
  access: Access
  credentials: Credentials
  clock: Clock
  refusals: Refusals
  refused: RefusedDevices
  store: SessionStore
  isRevoked: (marks: readonly string[]) => boolean
  isStopping: () => boolean
  places: Places
  /** The accepted connection that has this internal client id now. */
  holderOf: (internalId: string) => Connection | undefined
  onTakeover: (device: string) => void
  /** Called for each authenticated device that is accepted. */
  onProven: (device: string, proof: 'certificate' | 'password', mark: string) => void
}

/** CONNACK return codes of MQTT 3.1.1 for causes other than 5, not authorized. */
const returnCodes: Partial<Record<RefusalCause, number>> = {
  'client-id': 2,
  'device-name': 2,
  'two-devices-one-id': 2,
  busy: 3,
  'too-many-guesses': 4,
  'connection-limit': 3,
  'address-limit': 3,
  stopping: 3,
  'wrong-password': 4,
  'unknown-device': 4,
}

// Two live devices with one id would close each other's connection for ever. A connection that sent within
// `aliveMs` keeps its place after `takeoversMax` takeovers within `takeoverWindowMs`; a dead link never sends that
// recently.
const takeoversMax = 5
const takeoverWindowMs = 60_000
const aliveMs = 2000
const takeoverIdsMax = 1000

export class Admission {
  readonly #options: AdmissionOptions
  readonly #takeovers = new Map<string, number[]>()
  /** From the decision until the stream closes. */
  readonly #admitted = new Map<string, Set<Connection>>()
  #unnamed = 0

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** Stores the claims of CONNECT and sets the internal client id; an error closes the connection without an answer. */
  read(
    connection: Connection,
    packet: ConnectPacket,
    certificateRefusal: RefusalCause | undefined,
  ): Error | undefined {
    connection.keepaliveSeconds = packet.keepalive ?? 0
    const claim: Claim = {
      clientId: packet.clientId,
      username: packet.username,
      isClean: packet.clean ?? true,
      isOldVersion: packet.protocolVersion === 3,
      willTopic: packet.will?.topic,
      willBytes: packet.will?.payload.length ?? 0,
      identity: undefined,
      refusal: certificateRefusal,
    }
    connection.claim = claim
    const identity = this.#identify(connection, claim)
    if (typeof identity === 'string') claim.refusal ??= identity
    else claim.identity = identity
    // A refused connection gets an id too, because aedes stores it under one; it is never registered.
    packet.clientId =
      typeof identity === 'string'
        ? `r:${++this.#unnamed}`
        : internalClientId(identity, this.#clientId(claim))
    return undefined
  }

  /** Decides; resolves to the CONNACK error, or to undefined when the connection is accepted. */
  async decide(
    connection: Connection,
    client: Client,
    password: Uint8Array | undefined,
  ): Promise<AuthenticateError | undefined> {
    const { claim } = connection
    if (claim?.isOldVersion) clearSessionPresent(connection.stream)
    const cause = claim ? await this.#refusal(connection, claim, client, password) : 'malformed'
    if (cause === undefined) {
      this.#options.refused.forget(claim?.identity?.device ?? '')
      return undefined
    }
    const name = claim?.identity?.device ?? claim?.username ?? claim?.clientId
    this.#options.refused.note(cause, name, this.#options.clock.monotonicMs())
    const who = { device: claim?.identity?.device ?? claim?.username, address: connection.address }
    this.#options.refusals.report(cause, who, { clientId: claim?.clientId })
    connection.endReason = cause
    return Object.assign(new Error(cause), { returnCode: returnCodes[cause] ?? 5 }) as AuthenticateError
  }

  #identify(connection: Connection, claim: Claim): Identity | RefusalCause {
    const { settings, credentials } = this.#options
    const { clientId } = claim
    if (clientId.length > settings.limits.clientIdLength || hasUnwantedCharacters(clientId))
      return 'client-id'
    // [MQTT-3.1.3-8]; MQTT 3.1 does not allow an empty one.
    if (clientId === '' && (!claim.isClean || claim.isOldVersion)) return 'client-id'
    const identity = claimedIdentity({
      certificateName: connection.certificateName,
      username: claim.username,
      clientId: clientId === '' && settings.access === 'open' ? `unnamed-${++this.#unnamed}` : clientId,
      isAnonymousAllowed: settings.anonymous,
      hasCredentials: settings.passwordFile !== undefined || credentials.has(claim.username ?? ''),
      isOpen: settings.access === 'open',
    })
    if (typeof identity === 'string') return identity
    return identity.proof === 'anonymous' && credentials.has(identity.device) ? 'needs-password' : identity
  }

  // [MQTT-3.1.3-6]: without a client id the connection gets a unique one.
  #clientId(claim: Claim): string {
    return claim.clientId === '' ? `\n${++this.#unnamed}` : claim.clientId
  }

  async #refusal(
    connection: Connection,
    claim: Claim,
    client: Client,
    password: Uint8Array | undefined,
  ): Promise<RefusalCause | undefined> {
    const { access, credentials, settings, isRevoked, isStopping } = this.#options
    const { identity } = claim
    if (claim.refusal) return claim.refusal
    if (!identity) return 'malformed'
    if (isStopping()) return 'stopping'
    if (isRevoked(connection.certificateMarks)) return 'certificate-revoked'
    if (identity.proof === 'password') {
      const verdict = await credentials.verify(
        identity.device,
        password ?? new Uint8Array(),
        connection.address,
      )
      if (verdict === 'wrong') return 'wrong-password'
      if (verdict !== 'right') return verdict
    }
    if (access.isLockedOut(identity)) return 'locked-out'
    if (claim.willTopic !== undefined) {
      if (typeof access.publishRight(identity, claim.willTopic) === 'string') return 'will-refused'
      if (claim.willBytes > settings.limits.payloadBytes) return 'payload-too-large'
    }
    const crowd = this.#makeWay(connection, identity, client.id)
    if (crowd) return crowd
    // An anonymous device has one client id, its name.
    if (!claim.isClean && identity.proof !== 'anonymous') this.#makeRoom(identity, client.id)
    connection.identity = identity
    const payloadBytesMax = access.payloadBytesMax(identity)
    if (payloadBytesMax !== undefined) connection.allowPayloads(payloadBytesMax)
    const mark = this.#markOf(identity, connection)
    if (identity.proof !== 'anonymous' && mark !== undefined)
      this.#options.onProven(identity.device, identity.proof, mark)
    return undefined
  }

  #markOf({ device, proof }: Identity, { certificateMarks }: Connection): string | undefined {
    if (proof === 'password') return this.#options.credentials.markOf?.(device)
    return certificateMarks.length === 0 ? undefined : certificateMarks.join(' ').slice(0, 200)
  }

  /**
   * Takes a place for the connection. The older connection of the same client is closed for it, or, if a device has too
   * many, the one that sent longest ago, unless two live devices use the same id.
   */
  #makeWay(connection: Connection, identity: Identity, internalId: string): RefusalCause | undefined {
    const { settings, holderOf, places, onTakeover, refusals } = this.#options
    const { device } = identity
    const holder = holderOf(internalId)
    const others = [...(this.#admitted.get(device) ?? [])].filter((one) => !one.stream.destroyed)
    const isCrowd = !holder && others.length >= settings.limits.connectionsPerDevice
    const leaving = holder ?? (isCrowd ? mostSilent(others) : undefined)
    if (leaving && this.#isFight(isCrowd ? sessionPrefix(identity) : internalId, leaving))
      return 'two-devices-one-id'
    const cause = places.admit(connection.socket, leaving ? 1 : 0)
    if (cause) return cause
    this.#note(device, connection)
    if (!leaving) return undefined
    if (isCrowd) {
      refusals.report('device-limit', { device, address: connection.address })
      leaving.end('device-limit')
      return undefined
    }
    // aedes closes it when it registers the new one; its last will is sent. [MQTT-3.1.4-2]
    leaving.endReason ??= 'takeover'
    onTakeover(device)
    return undefined
  }

  #note(device: string, connection: Connection): void {
    const admitted = this.#admitted.get(device) ?? new Set()
    this.#admitted.set(device, admitted.add(connection))
    connection.stream.once('close', () => {
      admitted.delete(connection)
      if (admitted.size === 0 && this.#admitted.get(device) === admitted) this.#admitted.delete(device)
    })
  }

  /** True when `holder` is alive and was closed for `id` too often already; otherwise counts one more takeover. */
  #isFight(id: string, holder: Connection): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    const recent = (this.#takeovers.get(id) ?? []).filter((atMs) => nowMs - atMs < takeoverWindowMs)
    if (recent.length >= takeoversMax && nowMs - holder.lastHeardMs < aliveMs) return true
    this.#takeovers.set(id, [...recent, nowMs].slice(-takeoversMax))
    forgetOldest(this.#takeovers, takeoverIdsMax)
    return false
  }

  /** Firmware that makes a new client id at every start must not fill the store with old sessions. */
  #makeRoom(identity: Identity, internalId: string): void {
    const { store, settings, holderOf } = this.#options
    const others = store.sessionsOf(sessionPrefix(identity)).filter((id) => id !== internalId)
    const surplus = others.length + 1 - settings.limits.sessionsPerDevice
    for (const id of others.filter((other) => !holderOf(other)).slice(0, Math.max(0, surplus)))
      store.evict(id)
  }
}

function mostSilent(connections: readonly Connection[]): Connection | undefined {
  return connections.reduce<Connection | undefined>(
    (silent, one) => (silent && silent.lastHeardMs <= one.lastHeardMs ? silent : one),
    undefined,
  )
}

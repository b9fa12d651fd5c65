// The parts of aedes that its types leave out and that we need; broker-aedes.test.ts fails when they change.
import type { Aedes, AedesPublishPacket, Client } from 'aedes'
import type { PublishChoice } from './port.ts'
import type { RefusalCause } from './refusals.ts'

interface ClientInternals {
  duplicates: Record<string, number>
  _parsingBatch: number
  _nextBatch(): void
  _keepaliveInterval: number
  _keepaliveTimer: NodeJS.Timeout | null
  deliverQoS(packet: AedesPublishPacket, done: () => void): void
}

const internalsOf = (client: Client): ClientInternals => client as unknown as ClientInternals

/**
 * Turns off aedes' own recognition of copies, which takes every packet with a lower number than the last for one: a QoS 1
 * message that a QoS 0 message overtook inside aedes would be lost. `Delivery.current` tells copies apart instead.
 */
export function disableCopyCheck(broker: Aedes, client: Client): void {
  Object.defineProperty(internalsOf(client).duplicates, broker.id, {
    get: () => 0,
    set: (_seen: number) => {
      // Nothing is remembered.
    },
  })
}

/**
 * Lets aedes read on although earlier packets of the client are not answered: an alarm must not wait in the socket
 * for the commit of a routine message before it. Call it before aedes hears that there is more to read.
 */
export function readOn(client: Client): void {
  const internals = internalsOf(client)
  internals._parsingBatch = Math.min(internals._parsingBatch, 1)
}

/** Reads what was held back while the connection had no room. */
export function readHeldBack(client: Client): void {
  if (client.closed) return
  readOn(client)
  internalsOf(client)._nextBatch()
}

/** The device was heard although aedes saw nothing of it: its keepalive starts anew. */
export function noteHeard(client: Client): void {
  const { _keepaliveInterval, _keepaliveTimer } = internalsOf(client)
  if (_keepaliveInterval > 0) _keepaliveTimer?.refresh()
}

/** A message of our own; resolves when every subscriber has it in its queue. */
export function publishFrom(
  broker: Aedes,
  topic: string,
  payload: Uint8Array | string,
  { qos = 1, retain = false }: PublishChoice,
): Promise<void> {
  const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false } as const
  return new Promise((resolve, reject) => {
    broker.publish(packet, (error) => (error ? reject(error) : resolve()))
  })
}

/** Sends `packet` to this client alone, at the QoS of its subscription. */
export function deliverTo(client: Client, packet: AedesPublishPacket): void {
  internalsOf(client).deliverQoS(packet, () => undefined)
}

/** What aedes ended a connection for, by its own words. */
export function causeOfFailure(message: string): RefusalCause {
  if (message.startsWith('maxInflightInbound')) return 'qos2-limit'
  if (message === 'connect did not arrive in time') return 'connect-late'
  return message === 'drain timeout' ? 'not-reading' : 'malformed'
}

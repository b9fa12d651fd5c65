// The parts of aedes that its types leave out and that the broker needs; broker-aedes.test.ts fails when they change.
import type { Duplex } from 'node:stream'
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
 * Turns off aedes' own detection of copies: it takes every packet with a lower number than the last for a copy, so a
 * QoS 1 message that a QoS 0 message overtook inside aedes would be lost. `Delivery.current` detects copies instead.
 */
export function disableCopyCheck(broker: Aedes, client: Client): void {
  Object.defineProperty(internalsOf(client).duplicates, broker.id, {
    get: () => 0,
    set: (_seen: number) => {
      // Stores nothing.
    },
  })
}

/**
 * Lets aedes continue reading although earlier packets of the client are not answered: an alarm must not wait in the
 * socket for the commit of an earlier routine message. Call it before aedes learns that there is more to read.
 */
export function readOn(client: Client): void {
  const internals = internalsOf(client)
  internals._parsingBatch = Math.min(internals._parsingBatch, 1)
}

/** Reads the bytes that were held back while the connection had no room. */
export function continueReading(client: Client): void {
  if (client.closed) return
  readOn(client)
  internalsOf(client)._nextBatch()
}

/** The device sent a packet that did not go through aedes: restarts its keepalive timer. */
export function noteHeard(client: Client): void {
  const { _keepaliveInterval, _keepaliveTimer } = internalsOf(client)
  if (_keepaliveInterval > 0) _keepaliveTimer?.refresh()
}

/** The pieces in which mqtt-packet writes a CONNACK: header, length, session present, return code. */
const sessionPresentPiece = 2
const none = Buffer.from([0])

/** In MQTT 3.1 the first byte behind the length of a CONNACK is reserved: aedes answers as in 3.1.1 (3.2.2.2). */
export function clearSessionPresent(stream: Duplex): void {
  const write = stream.write.bind(stream) as (piece: unknown) => boolean
  let pieces = 0
  stream.write = (piece: unknown): boolean => {
    if (pieces++ < sessionPresentPiece) return write(piece)
    delete (stream as { write?: unknown }).write
    return write(none)
  }
}

/** A message from the box; resolves when every subscriber has it in its queue. */
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

/** aedes' reason for closing a connection. */
export function causeOfFailure(message: string): RefusalCause {
  if (message.startsWith('maxInflightInbound')) return 'qos2-limit'
  if (message === 'connect did not arrive in time') return 'connect-late'
  return message === 'drain timeout' ? 'not-reading' : 'malformed'
}

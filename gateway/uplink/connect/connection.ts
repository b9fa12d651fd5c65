// One connection to the centre's broker, from CONNECT to close. It never sends again: retries belong to the outbox.
import type { Duplex } from 'node:stream'
import { MqttClient } from 'mqtt'
import { FrameSieve } from '../../../platform/mqtt/frame-sieve.ts'
import { downTopic, upTopic, type DownChannel, type UpChannel } from '../../../protocols/uplink/topics.ts'
import type { Link } from '../link.ts'
import { noConnack, reasonOf } from './connect-failure.ts'

/** Bytes of the largest message accepted from the centre; a larger one is ignored. */
export const downMessageBytesMax = 64 * 1024
/** Above this size its frame is not even read: the connection ends. */
const downFrameBytesMax = 4 * downMessageBytesMax
/** Fixed header, topic length and packet id, plus the TLS record. */
const framingBytes = 7
const tlsRecordBytes = 22
const channels: readonly DownChannel[] = ['receipt', 'stage', 'command', 'picture']

export interface ConnectionOptions {
  boxId: string
  stream: Duplex
  isSecure: boolean
  password?: Buffer | undefined
  /** The common name in the box's certificate; undefined without a certificate. */
  certificateName?: string | undefined
  keepAliveSeconds: number
  connectSeconds: number
  onOpen(link: Link): void
  onMessage(channel: DownChannel, payload: Uint8Array): void
  /** The centre granted the subscription to picture answers: it accepts pictures. */
  onPicturesWanted(): void
  /** Called once, whatever happened; no other function is called after it. */
  onClosed(reason: string): void
}

/** CONNACK: bad user name or password, not authorized. */
const notAuthorized: ReadonlySet<number> = new Set([4, 5])

/** The MQTT client's message when CONNECT gets no answer in time. */
const connackTimeout = 'connack timeout'

/** A person compares it with the log of the centre. */
function whoAmI({ boxId, certificateName, password }: ConnectionOptions): string {
  if (certificateName !== undefined)
    return `is box.id the name in the certificate, is it signed by the centre's authority, and was it not revoked? box.id is "${boxId}", the certificate is for "${certificateName}"`
  const proof = password ? 'the password of uplink.passwordFile' : 'neither certificate nor password'
  return `the centre does not let box.id "${boxId}" in with ${proof}`
}

function createClient({
  boxId,
  stream,
  password,
  keepAliveSeconds,
  connectSeconds,
}: ConnectionOptions): MqttClient {
  return new MqttClient(() => stream, {
    protocolVersion: 4,
    clean: true,
    clientId: boxId,
    ...(password ? { username: boxId, password } : {}),
    // Redelivery, resubscription and the next connection are done by the uplink (see README.md).
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    keepalive: keepAliveSeconds,
    connectTimeout: connectSeconds * 1000,
    timerVariant: 'native',
  })
}

function checkFrames(stream: Duplex, onWrong: (problem: string) => void): void {
  const sieve = new FrameSieve({ messageBytesMax: downFrameBytesMax })
  stream.on('data', (chunk: Buffer) => {
    const parts = stream.destroyed ? [] : sieve.take(chunk)
    if (typeof parts === 'string') onWrong(parts)
  })
}

/** Starts the MQTT session on an open stream; the returned function ends it (`isPolite`: with a DISCONNECT). */
export function openConnection(options: ConnectionOptions): (isPolite: boolean) => void {
  const { boxId, stream } = options
  const client = createClient(options)
  const topics = new Map(channels.map((channel) => [downTopic(boxId, channel), channel]))
  let isClosed = false
  let arePicturesWanted = false
  let unanswered = 0
  const close = (reason: string): void => {
    if (isClosed) return
    isClosed = true
    client.end(true)
    stream.destroy()
    options.onClosed(reason)
  }
  client.on('error', (error: Error & { code?: unknown }) => {
    const isRefused = typeof error.code === 'number' && notAuthorized.has(error.code)
    const reason = reasonOf(error)
    if (reason === connackTimeout) return close(`${reason}: ${noConnack}`)
    return close(isRefused ? `${reason}: ${whoAmI(options)}` : reason)
  })
  checkFrames(stream, (problem) => close(`the centre sent ${problem}`))
  client.on('close', () => close('the connection was closed'))
  // If the stream ended before the client listened, no event follows, and the box would wait the whole connect time.
  if (stream.destroyed)
    queueMicrotask(() => close(stream.errored ? reasonOf(stream.errored) : 'the connection was closed'))
  client.on('end', () => close('the connection was ended'))
  client.on('connect', () => {
    if (isClosed) return
    // Not awaited: the first Report follows in the same round trip, and a lost Receipt is repeated later.
    client.subscribe([...topics.keys()], { qos: 0 }, (error, granted) => {
      const refused = granted?.filter(({ qos }) => qos > 2).map(({ topic }) => topics.get(topic)) ?? []
      // A centre that accepts no pictures is still a valid centre.
      const isRefused = refused.some((channel) => channel !== 'picture')
      if (error || isRefused)
        return close(`the subscription was refused: ${error ? reasonOf(error) : whoAmI(options)}`)
      arePicturesWanted = refused.length === 0
      if (arePicturesWanted && !isClosed) options.onPicturesWanted()
    })
    options.onOpen({
      send,
      queuedBytes: () => stream.writableLength,
      takesPictures: () => arePicturesWanted,
      unansweredMessages: () => unanswered,
    })
  })
  client.on('message', (topic: string, payload: Buffer) => {
    const channel = topics.get(topic)
    if (!isClosed && channel && payload.byteLength <= downMessageBytesMax) options.onMessage(channel, payload)
  })
  const send = (channel: UpChannel, payload: Uint8Array, onTaken?: () => void): number => {
    const topic = upTopic(boxId, channel)
    const bytes = payload.byteLength + topic.length + framingBytes + (options.isSecure ? tlsRecordBytes : 0)
    if (isClosed) return bytes
    // The PUBACK concerns the transport only. If a publish fails, the connection closes, and the session learns that.
    const qos = channel === 'heartbeat' ? 0 : 1
    unanswered += qos
    client.publish(topic, payload as Buffer, { qos }, (error) => {
      unanswered -= qos
      if (!error) onTaken?.()
    })
    return bytes
  }
  return (isPolite) => {
    if (isClosed) return
    isClosed = true
    if (isPolite) return void client.end(false, () => stream.destroy())
    client.end(true)
    stream.destroy()
  }
}

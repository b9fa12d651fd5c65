// The `mqtt` section of the gateway's configuration: where devices connect, which may, and every limit by name.
import { isLoopback } from '../../platform/loopback.ts'
import { z } from 'zod'

const port = z.int().min(0).max(65535)
const count = (fallback: number, max = 1_000_000) => z.int().min(1).max(max).default(fallback)
const bytes = (fallback: number, max = 16 * 1024 * 1024) => z.int().min(16).max(max).default(fallback)
const milliseconds = (fallback: number) => z.int().min(10).max(86_400_000).default(fallback)

const tlsSchema = z.strictObject({
  certFile: z.string().min(1),
  keyFile: z.string().min(1),
  /** The authority that signed the devices' certificates; needed to identify a device by its certificate. */
  caFile: z.string().min(1).optional(),
  /** True: no connection without a certificate of that authority. False: a password is also accepted. */
  requireClientCertificate: z.boolean().default(false),
  /** Serial numbers or SHA-256 fingerprints, one a line, or a CRL in PEM. */
  revokedFile: z.string().min(1).optional(),
})

const listenerSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 lets the system choose. */
  port: port.default(1883),
  tls: tlsSchema.optional(),
  /** MQTT over WebSocket (subprotocol `mqtt`) instead of plain TCP. */
  webSocket: z.boolean().default(false),
})

export const brokerLimitsSchema = z.strictObject({
  /** Of signed-in devices: of all, of one address, of one device (the newest closes the one that sent longest ago). */
  connections: count(2000),
  connectionsPerAddress: count(1000),
  connectionsPerDevice: count(4),
  /**
   * Connections that have not signed in yet, of all and of one IPv4 address or IPv6 /64; the oldest is closed to make
   * room.
   */
  strangers: count(1000),
  strangersPerAddress: count(600),
  /** A connection without a complete CONNECT by then is closed. */
  connectTimeoutMs: milliseconds(10_000),
  /** A device without keepalive is closed after this long without a packet. */
  idleMs: milliseconds(1_200_000),
  tcpKeepAliveMs: milliseconds(60_000),
  /** Largest MQTT frame before the device is authenticated: enough for a CONNECT with a last will. */
  frameBytesBeforeConnect: bytes(1024),
  frameBytes: bytes(65_536),
  /** Largest SUBSCRIBE or UNSUBSCRIBE: thousands of filters in one packet would delay all devices. */
  subscribeBytes: bytes(2048),
  clientIdLength: count(128, 65_535),
  topicLength: count(256, 65_535),
  topicDepth: count(16, 100),
  payloadBytes: bytes(61_440),
  subscriptionsPerConnection: count(64),
  /** Routine messages of one device above this rate are acknowledged later; alarms never are. */
  publishesPerSecond: count(2000),
  publishBurst: count(10_000),
  /** The longest that one routine message is held back. */
  slowDownMs: milliseconds(1000),
  /** Messages of one connection that are read and not yet answered; more waits in its socket. */
  inHandMessages: count(256, 10_000),
  inHandBytes: bytes(262_144),
  /** The same for all connections together; beyond it each has one message at a time. */
  inHandBytesOfAll: bytes(33_554_432, 1_073_741_824),
  qos2InFlight: count(100, 65_535),
  /** Sessions kept for disconnected devices (clean session off), for all and for each. */
  sessions: count(2000),
  sessionsPerDevice: count(4),
  /** Messages waiting for one such session; when it is full the newest is dropped. */
  outboundMessages: count(1000),
  outboundBytes: bytes(1_048_576),
  /** A subscriber with more unsent bytes in its socket is closed. */
  unsentBytes: bytes(262_144),
  drainTimeoutMs: milliseconds(5000),
  retainedMessages: count(5000),
  retainedBytes: bytes(4_194_304),
  /** Password checks that run at once, and that may wait. */
  passwordChecks: count(2, 16),
  passwordChecksWaiting: count(1000),
})

export const brokerSettingsSchema = z
  .strictObject({
    listeners: z.array(listenerSchema).min(1).max(16),
    /** True: a device without password or certificate is identified by its client id. */
    anonymous: z.boolean().default(false),
    /** `strict`: each device only its own topics. `open`: any topic, for trials on this machine only. */
    access: z.enum(['strict', 'open']).default('strict'),
    /** Lines of `deviceId:scrypt$N$r$p$salt$hash`. */
    passwordFile: z.string().min(1).optional(),
    limits: brokerLimitsSchema.default(brokerLimitsSchema.parse({})),
  })
  .superRefine((settings, context) => {
    settings.listeners.forEach((listener, index) => {
      if (settings.access === 'open' && !isLoopback(listener.host))
        context.addIssue({
          code: 'custom',
          path: ['listeners', index, 'host'],
          message: 'a loopback address such as 127.0.0.1, because access is "open"',
        })
      if (
        listener.tls &&
        (listener.tls.requireClientCertificate || listener.tls.revokedFile) &&
        !listener.tls.caFile
      )
        context.addIssue({
          code: 'custom',
          path: ['listeners', index, 'tls', 'caFile'],
          message: 'the file of the authority that signed the device certificates',
        })
    })
  })

export type BrokerSettings = z.infer<typeof brokerSettingsSchema>
export type BrokerLimits = z.infer<typeof brokerLimitsSchema>
export type ListenerSettings = z.infer<typeof listenerSchema>
export type TlsSettings = z.infer<typeof tlsSchema>

// What others see of the broker: device messages in, commands and receipts out, and who is there.
import type { StorageAnswer } from '../journal/port.ts'

/** A message a device may send, handed over before the device is told that it is kept. */
export interface DeviceMessage {
  /** Who sent it, proven by certificate or password (or claimed, where anonymous devices are allowed). */
  device: string
  topic: string
  payload: Uint8Array
  /** The payload once more where it is plain ASCII and known as text: nearly always, and it need not be decoded again. */
  text?: string | undefined
  isRetained: boolean
  /** The sender marks it as sent before (DUP). */
  isResent?: boolean
  qos: 0 | 1 | 2
}

export interface DeviceIntake {
  /**
   * Called in order per connection without waiting for what comes of the call before, so that one commit can take many.
   * The same message may come again (QoS 1 repeats, QoS 2 retransmissions). What it throws counts as a refusal.
   */
  take(message: DeviceMessage, answer: StorageAnswer): void
  /**
   * Told when a device is let in, before its first message, with what proved it: `mark` is another one when its password or
   * certificate is another one.
   */
  admitted(device: string, proof: 'certificate' | 'password', mark: string): void
}

/** Topics outside gengfu/v1/ that a foreign dialect uses. Pure and quick: asked for every message. */
export interface TopicGrants {
  mayPublish(device: string, topic: string): boolean
  maySubscribe(device: string, filter: string): boolean
  /** It speaks a foreign dialect, and may not speak ours. */
  isForeign?(device: string): boolean
  /** Whether a person may wait behind the message; asked only of a device that is slowed down. */
  isUrgent?(device: string, message: { topic: string; payload: Uint8Array; isRetained: boolean }): boolean
  /** Largest payload of it, where it is another than everybody's. */
  payloadBytesMax?(device: string): number | undefined
}

export const noGrants: TopicGrants = { mayPublish: () => false, maySubscribe: () => false }

/** Checks what a device says to prove who it is. */
export interface Credentials {
  /** True when `device` has a password, so that nobody may claim its name without. */
  has(device: string): boolean
  verify(device: string, password: Uint8Array, address: string): Promise<CredentialVerdict>
  /** Changes when the device gets another password. */
  markOf?(device: string): string | undefined
}

/**
 * `busy`: too many attempts are waiting; the device should come back. `too-many-guesses`: of this name from this address, or
 * of this address; nothing was looked at.
 */
export type CredentialVerdict = 'right' | 'wrong' | 'unknown-device' | 'busy' | 'too-many-guesses'

/** What the broker has seen of one device. `unknown` until it speaks: silence is not an alarm the broker invents. */
export interface DeviceSighting {
  device: string
  state: 'unknown' | 'connected' | 'disconnected'
  /** Monotonic ms of the last packet from it; undefined before the first. */
  lastHeardMs: number | undefined
  /** What its retained presence message or last will said last. */
  saysOnline: boolean | undefined
  /** Why it left: `disconnect` (it said goodbye), `takeover`, `keepalive`, `connection lost`, a refusal ... */
  reason: string | undefined
}

export interface BrokerAddress {
  host: string
  port: number
  isTls: boolean
  isWebSocket: boolean
}

export interface PublishChoice {
  qos?: 0 | 1 | 2
  retain?: boolean
}

export interface DevicePublisher {
  /** Resolves when the message is in the send queue of every subscriber; not when a device has it. */
  publish(topic: string, payload: Uint8Array | string, choice?: PublishChoice): Promise<void>
}

export interface DeviceBroker extends DevicePublisher {
  /** Binds every listener; rejects when one can not be bound. */
  start(): Promise<void>
  /** Refuses new connections, lets messages in hand be acknowledged, then closes every connection. */
  stop(): Promise<void>
  /** What was bound, in the order of the settings. */
  addresses(): BrokerAddress[]
  /** Told each time a device has connected or subscribed and can hear what waited for it; returns the undo. */
  onDeviceReady(listener: (device: string) => void): () => void
  /** Told when a sighting changes its state, `saysOnline` or reason, not for every packet; returns the undo. */
  onSighting(listener: (sighting: DeviceSighting) => void): () => void
  sightingOf(device: string): DeviceSighting
  sightings(): DeviceSighting[]
  /** Reads the password, revocation and certificate files again now; they are also watched. */
  reload(): Promise<void>
}

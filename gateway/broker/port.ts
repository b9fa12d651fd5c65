// Interface of the broker: device messages in, commands and stages out, and which devices are connected.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { StorageAnswer } from '../journal/port.ts'

/** A device's message, handed over before the device gets its acknowledgement. */
export interface DeviceMessage {
  /** The sender, authenticated by certificate or password (or claimed, where anonymous devices are allowed). */
  device: string
  topic: string
  payload: Uint8Array
  /** The payload as text if it is plain ASCII, which it nearly always is: it need not be decoded again. */
  text?: string | undefined
  isRetained: boolean
  /** The sender marks it as a repeat (DUP). */
  isResent?: boolean
  qos: 0 | 1 | 2
}

export interface DeviceIntake {
  /**
   * Called in order per connection, without waiting for the result of the call before, so that one commit can take
   * many. The same message may come again (QoS 1 repeats, QoS 2 retransmissions). An exception counts as a refusal.
   * Returns true when the message counts against the share of its device: an alarm, or anything but a plain report.
   */
  take(message: DeviceMessage, answer: StorageAnswer): boolean
  /**
   * Called when a device is accepted, before its first message, with its proof: `mark` changes when its password or
   * certificate changes.
   */
  admitted(device: string, proof: 'certificate' | 'password', mark: string): void
  /**
   * The sender may not write to this topic, or no part of the box reads it. Called for the first messages of a connection
   * only; the message is not kept for the sender.
   */
  elsewhere?(message: Omit<DeviceMessage, 'text'>): void
}

/** Topics outside gengfu/v1/ that a foreign dialect uses. Pure and fast: called for every message. */
export interface TopicGrants {
  mayPublish(device: string, topic: string): boolean
  maySubscribe(device: string, filter: string): boolean
  /** The device uses a foreign dialect, and may not use ours. */
  isForeign?(device: string): boolean
  /** True when the message can be a call of a person; asked only for a slowed device. */
  isUrgent?(device: string, message: { topic: string; payload: Uint8Array; isRetained: boolean }): boolean
  /** Largest payload, if it differs from the general limit. */
  payloadBytesMax?(device: string): number | undefined
  /** Other hardware took its place: it is refused, whatever it proves. */
  isLockedOut?(device: string): boolean
}

export const noGrants: TopicGrants = { mayPublish: () => false, maySubscribe: () => false }

/** Checks the proof of a device's identity. */
export interface Credentials {
  /** True when `device` has a password, so that its name can not be claimed without one. */
  has(device: string): boolean
  verify(device: string, password: Uint8Array, address: string): Promise<CredentialVerdict>
  /** Changes when the device gets another password. */
  markOf?(device: string): string | undefined
}

/**
 * `busy`: too many attempts wait; the device should try again. `too-many-guesses`: of this name from this address, or
 * of this address; no password was checked.
 */
export type CredentialVerdict = 'right' | 'wrong' | 'unknown-device' | 'busy' | 'too-many-guesses'

/** The broker's facts about one device. `unknown` until its first packet: the broker raises no alarm about silence. */
export interface DeviceSighting {
  device: string
  state: 'unknown' | 'connected' | 'disconnected'
  /** Monotonic ms of the last packet from it; undefined before the first. */
  lastHeardMs: number | undefined
  /** The content of its last retained presence message or last will. */
  saysOnline: boolean | undefined
  /**
   * Why it disconnected: `disconnect` (the device sent DISCONNECT), `takeover`, `keepalive`, `connection lost`, a
   * refusal ...
   */
  reason: string | undefined
}

/** A device that was refused at CONNECT. */
export interface RefusedDevice {
  /** Its user name, or its client id without one. */
  device: string
  times: number
  /** Monotonic. */
  lastMs: number
  why: BilingualText
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

/** The device id of the box itself, for the proof that events are answered; no device of the village. */
export const ownDevice = 'gengfu-self'

/** An event of the box's own, to prove that events are answered. */
export interface OwnEvent {
  device: string
  payload: string
  timeoutMs: number
}

export interface DeviceBroker extends DevicePublisher {
  /** Opens every listener; rejects when one can not be opened. */
  start(): Promise<void>
  /** Refuses new connections, waits until messages in flight are acknowledged, then closes every connection. */
  stop(): Promise<void>
  /** The opened listeners, in the order of the settings. */
  addresses(): BrokerAddress[]
  /**
   * Registers a listener that is called each time a device has connected or subscribed and can receive messages that
   * waited for it; returns the undo.
   */
  onDeviceReady(listener: (device: string) => void): () => void
  /**
   * Registers a listener for changes of a device's state, `saysOnline` or reason, not for every packet; returns the
   * undo.
   */
  onSighting(listener: (sighting: DeviceSighting) => void): () => void
  sightingOf(device: string): DeviceSighting
  sightings(): DeviceSighting[]
  /** The newest last. */
  refused(): RefusedDevice[]
  /** Reads the password, revocation and certificate files again now; they are also watched. */
  reload(): Promise<void>
  /**
   * Sends one QoS 1 event as a device of the box's own, over a socket; resolves with its PUBACK, so everything from the socket
   * to the disk works. Rejects after `timeoutMs`, or with what broke.
   */
  proveAnswer(event: OwnEvent): Promise<void>
}

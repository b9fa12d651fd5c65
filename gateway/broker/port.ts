// Interface of the broker: device messages in, commands and stages out, and which devices are connected.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { StorageAnswer } from '../journal/port.ts'

/** A message of a device. The intake gets it before the device gets its acknowledgement. */
export interface DeviceMessage {
  /** The sender, authenticated by certificate or password (or claimed, where anonymous devices are allowed). */
  device: string
  topic: string
  payload: Uint8Array
  /** The payload as text if it is plain ASCII (nearly always), so that the intake does not decode it again. */
  text?: string | undefined
  isRetained: boolean
  /** The DUP flag: the sender has marked the message as a repeat. */
  isResent?: boolean
  qos: 0 | 1 | 2
}

export interface DeviceIntake {
  /**
   * Called in the order of each connection. The broker does not wait for one answer before the next call, so one commit
   * can contain many messages. The same message may come again (QoS 1 repeats, QoS 2 retransmissions). An exception
   * counts as a refusal. Returns true when the message counts against the share of its device: every message except
   * a plain report (an event that changes no alarm) and a repeat.
   */
  take(message: DeviceMessage, answer: StorageAnswer): boolean
  /**
   * Called when a device has signed in, before its first message. `proof`: how it proved its identity. `mark` changes
   * when its password or certificate changes.
   */
  admitted(device: string, proof: 'certificate' | 'password', mark: string): void
  /**
   * Called for a message to a topic that the sender may not write, or that no part of the box reads; only for the first
   * such messages of a connection. The sender's acknowledgement does not depend on this call.
   */
  elsewhere?(message: Omit<DeviceMessage, 'text'>): void
}

/** Topics outside gengfu/v1/ that a foreign dialect uses. Pure and fast: called for every message. */
export interface TopicGrants {
  mayPublish(device: string, topic: string): boolean
  maySubscribe(device: string, filter: string): boolean
  /** The device uses a foreign dialect, and may not use ours. */
  isForeign?(device: string): boolean
  /** True when the message can be a call for help; called only for a device whose messages are delayed. */
  isUrgent?(device: string, message: { topic: string; payload: Uint8Array; isRetained: boolean }): boolean
  /** Largest payload, if it differs from the general limit. */
  payloadBytesMax?(device: string): number | undefined
  /** True when other hardware has replaced this device: it is refused even with the right password or certificate. */
  isLockedOut?(device: string): boolean
}

export const noGrants: TopicGrants = { mayPublish: () => false, maySubscribe: () => false }

/** Checks the passwords of devices. */
export interface Credentials {
  /** True when `device` has a password, so that its name can not be claimed without one. */
  has(device: string): boolean
  verify(device: string, password: Uint8Array, address: string): Promise<CredentialVerdict>
  /** Changes when the device gets another password. */
  markOf?(device: string): string | undefined
}

/**
 * `busy`: too many attempts wait; the device should try again. `too-many-guesses`: this address has too many failures,
 * for this name or in all; the password was not checked.
 */
export type CredentialVerdict = 'right' | 'wrong' | 'unknown-device' | 'busy' | 'too-many-guesses'

/** What the broker knows about one device. `unknown`: no packet yet; the broker raises no alarm about silence. */
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
  /** Its user name, or its client id if it sent no user name. */
  device: string
  times: number
  /** Monotonic ms of the last refusal. */
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
  /** Resolves when the message is in the send queue of every subscriber; a device may receive it later. */
  publish(topic: string, payload: Uint8Array | string, choice?: PublishChoice): Promise<void>
}

/** The device id that the box uses for its own test events (`proveAnswer`); no device of the village has this id. */
export const ownDevice = 'gengfu-self'

/** A test event of the box, to check that the broker answers events. */
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
  /** In the order of the last refusal: the newest is last. */
  refused(): RefusedDevice[]
  /** Reads the password, revocation and certificate files again now; they are also watched. */
  reload(): Promise<void>
  /**
   * Sends one QoS 1 test event over a socket, as `ownDevice`. Resolves when its PUBACK arrives: then every part from
   * the socket to the disk works. Rejects after `timeoutMs`, or with the error that occurred.
   */
  proveAnswer(event: OwnEvent): Promise<void>
}

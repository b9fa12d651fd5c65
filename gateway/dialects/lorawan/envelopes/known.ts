// The stored facts of a device, so that a message can be sent to it.
import type { Knowledge, Learned } from '../../port.ts'

export interface KnownDevice {
  /** ChirpStack's application id, or The Things Stack's `app@tenant`. */
  application: string
  /** The Things Stack's id of the device. */
  name?: string
  /** ChirpStack 4 needs the DevEUI in the message too. */
  version?: 3 | 4
  /** Names of its kind, which select the decoder. */
  kinds: readonly string[]
}

export const deviceKey = (device: string): string => `device:${device}`

export const knownDevice = (known: Knowledge, device: string): KnownDevice | undefined =>
  known.get(deviceKey(device)) as KnownDevice | undefined

/** Nothing to store if it is known already. */
export function learnDevice(known: Knowledge, device: string, found: KnownDevice): Learned[] {
  const before = known.get(deviceKey(device))
  return JSON.stringify(before) === JSON.stringify(found) ? [] : [[deviceKey(device), found]]
}

// Topics of the native device dialect: gengfu/v1/{deviceId}/{channel}.
import { isDeviceId } from '../domain/names.ts'

export const upChannels = ['event', 'presence', 'result'] as const
export const downChannels = ['command', 'receipt'] as const
export type UpChannel = (typeof upChannels)[number]
export type DownChannel = (typeof downChannels)[number]
export type Channel = UpChannel | DownChannel

const prefix = 'gengfu/v1/'

export function deviceTopic(device: string, channel: Channel): string {
  return `${prefix}${device}/${channel}`
}

const channels = new Map<string, Channel>([...upChannels, ...downChannels].map((name) => [name, name]))

const eventEnd = '/event'

/**
 * True when it is the topic of this device's events; `device` is a device id. Called for every event, and allocates
 * nothing.
 */
export function isEventTopic(topic: string, device: string): boolean {
  return (
    topic.length === prefix.length + device.length + eventEnd.length &&
    topic.startsWith(prefix) &&
    topic.startsWith(device, prefix.length) &&
    topic.endsWith(eventEnd)
  )
}

/** The device and channel in a topic, or undefined for a foreign topic. */
export function parseDeviceTopic(topic: string): { device: string; channel: Channel } | undefined {
  if (!topic.startsWith(prefix)) return undefined
  const end = topic.lastIndexOf('/')
  const channel = channels.get(topic.slice(end + 1))
  const device = topic.slice(prefix.length, end)
  return channel && isDeviceId(device) ? { device, channel } : undefined
}

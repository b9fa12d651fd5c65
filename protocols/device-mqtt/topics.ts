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

/** The device and channel a topic names, or undefined when it is not one of ours. */
export function parseDeviceTopic(topic: string): { device: string; channel: Channel } | undefined {
  if (!topic.startsWith(prefix)) return undefined
  const [device, channel, ...rest] = topic.slice(prefix.length).split('/')
  if (!isDeviceId(device) || rest.length > 0) return undefined
  const known = [...upChannels, ...downChannels].find((name) => name === channel)
  return known && { device, channel: known }
}

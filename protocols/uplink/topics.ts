// Topics between box and centre: up/{boxId}/{lane|heartbeat|result|unkept}, down/{boxId}/{receipt|picture|command|stage}.
import { lanes, type Lane } from '../domain/colour.ts'
import { isBoxId } from '../domain/names.ts'

export type UpChannel = Lane | 'heartbeat' | 'result' | 'unkept'
export type DownChannel = 'receipt' | 'picture' | 'command' | 'stage'

const ups: readonly string[] = [...lanes, 'heartbeat', 'result', 'unkept']
const downs: readonly string[] = ['receipt', 'picture', 'command', 'stage']

export const upTopic = (boxId: string, channel: UpChannel): string => `up/${boxId}/${channel}`
export const downTopic = (boxId: string, channel: DownChannel): string => `down/${boxId}/${channel}`

function parse(topic: string, direction: string, channels: readonly string[]) {
  const [head, box, channel, ...rest] = topic.split('/')
  if (head !== direction || rest.length > 0 || !isBoxId(box) || !channel) return undefined
  return channels.includes(channel) ? { box, channel } : undefined
}

export function parseUpTopic(topic: string): { box: string; channel: UpChannel } | undefined {
  return parse(topic, 'up', ups) as { box: string; channel: UpChannel } | undefined
}

export function parseDownTopic(topic: string): { box: string; channel: DownChannel } | undefined {
  return parse(topic, 'down', downs) as { box: string; channel: DownChannel } | undefined
}

export function isLane(channel: string): channel is Lane {
  return (lanes as readonly string[]).includes(channel)
}

// The bridge's messages about itself and about devices that join, leave and are renamed: {base}/bridge/...
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { nothing, unreadable, type Decoded, type Knowledge, type Learned } from '../port.ts'
import { deviceIdOf, textOf, valueOf } from '../meaning/values.ts'
import { describe, deviceKey, nameKey, readDevices, type KnownDevice } from './devices.ts'

export const baseKey = 'z2m-base'
/** Whether its messages contain all values of a device, or only those that it has just sent. */
export const cacheKey = 'z2m-cache'
export const groupKey = (name: string): string => `z2m-group:${name}`
/** Groups of one network that are kept. */
const groupsMax = 500

function onlineWord(payload: Uint8Array): 'online' | 'offline' | undefined {
  const value = valueOf(payload)
  const word = isObject(value) ? value['state'] : value
  return word === 'online' || word === 'offline' ? word : undefined
}
export { onlineWord }

function readEvent(event: Record<string, unknown>, known: Knowledge): Decoded {
  const { type, data } = event
  const { ieee_address: address, friendly_name: name, status } = isObject(data) ? data : {}
  if (typeof address !== 'string') return nothing('an event of the bridge')
  const device = known.get(deviceKey(address)) as KnownDevice | undefined
  const about = device ? describe(device) : typeof name === 'string' ? { name } : {}
  const result = { device: address, readings: {}, isHeard: false, about }
  if (type === 'device_leave') return { results: [{ ...result, faults: ['left-network'] }] }
  if (type === 'device_interview' && status === 'failed')
    return { results: [{ ...result, faults: ['interview-failed'] }] }
  if (type === 'device_interview' || type === 'device_joined' || type === 'device_announce')
    return { results: [{ ...result, presence: 'online' }] }
  return nothing('an event of the bridge')
}

function readRename(answer: Record<string, unknown>, known: Knowledge): Decoded {
  const { status, data } = answer
  const { from, to } = isObject(data) ? data : {}
  if (status !== 'ok' || typeof from !== 'string' || typeof to !== 'string')
    return nothing('a rename that did not happen')
  const named = known.get(nameKey(from)) as { address: string } | undefined
  const device = named && (known.get(deviceKey(named.address)) as KnownDevice | undefined)
  if (!named || !device) return nothing('a rename of a device that is not known')
  return nothing('renamed', [
    [nameKey(from), undefined],
    [nameKey(to), named],
    [deviceKey(named.address), { ...device, name: to }],
  ])
}

/** `cache_state: false`: a message contains only what the device has just sent, so nothing that is missing has vanished. */
function readInfo(info: Record<string, unknown>, known: Knowledge): Decoded {
  const config = isObject(info['config']) ? info['config'] : {}
  const advanced = isObject(config['advanced']) ? config['advanced'] : {}
  const isCached = (advanced['cache_state'] ?? config['cache_state']) !== false
  const before = (known.get(cacheKey) as { isCached: boolean } | undefined)?.isCached ?? true
  return nothing('about the bridge itself', isCached === before ? undefined : [[cacheKey, { isCached }]])
}

/** The answer to a request of ours, by the number that it carried. */
function readResponse({ status, error }: Record<string, unknown>, id: string, base: string): Decoded {
  const words = typeof error === 'string' ? { error: error.slice(0, 256) } : {}
  const answer = { id: id.slice(0, 64), ok: status === 'ok', ...words }
  return { results: [{ device: deviceIdOf(base), readings: {}, isBridge: true, answer }] }
}

/** A command that did not reach its device is reported only in the bridge's log. */
function readFailure({ message }: Record<string, unknown>, known: Knowledge): Decoded | undefined {
  if (typeof message !== 'string') return undefined
  const [, name = ''] = /Publish 'set' .{0,80}? to '(.{1,128}?)' failed/.exec(message) ?? []
  const named = known.get(nameKey(name)) as { address: string } | undefined
  const address = named?.address ?? (known.get(deviceKey(name)) === undefined ? undefined : name)
  if (address === undefined) return undefined
  const answer = { id: '', ok: false, error: message.slice(0, 256) }
  return { results: [{ device: address, readings: {}, isHeard: false, answer }] }
}

/** The same events as Zigbee2MQTT 1.x tells them in `bridge/log`. */
function readLegacy({ type, message, meta }: Record<string, unknown>, known: Knowledge): Decoded | undefined {
  if (type === 'device_renamed') return readRename({ status: 'ok', data: message }, known)
  const { friendly_name: name } = isObject(meta) ? meta : isObject(message) ? message : {}
  if (typeof name !== 'string') return undefined
  const named = known.get(nameKey(name)) as { address: string } | undefined
  const address = named?.address ?? (/^0x[0-9a-f]{16}$/i.test(name) ? name : undefined)
  if (address === undefined) return undefined
  const data = { ieee_address: address, friendly_name: name }
  if (type === 'device_removed' && message === 'left_network')
    return readEvent({ type: 'device_leave', data }, known)
  if (type === 'device_connected' || type === 'device_announced')
    return readEvent({ type: 'device_joined', data }, known)
  if (type !== 'pairing') return undefined
  const status = message === 'interview_failed' ? 'failed' : 'successful'
  return readEvent({ type: 'device_interview', data: { ...data, status } }, known)
}

/** `what`: the levels after `bridge/`. */
export function readBridge(what: string, payload: Uint8Array, base: string, known: Knowledge): Decoded {
  if (what === 'state') {
    const word = onlineWord(payload)
    if (!word) return unreadable('the state of the bridge is neither online nor offline')
    return {
      results: [{ device: deviceIdOf(base), readings: {}, presence: word, isBridge: true }],
      learned: [[baseKey, { base }]],
    }
  }
  const value = valueOf(payload)
  if (what === 'devices' || what === 'config/devices') {
    if (!Array.isArray(value)) return unreadable('the list of devices is no list')
    const { results, learned } = readDevices(value, known)
    learned.push([baseKey, { base }])
    return results.length > 0 ? { results, learned } : nothing('the list of devices', learned)
  }
  if (what === 'groups' && Array.isArray(value)) {
    const names = value.flatMap((group: unknown) =>
      isObject(group) && typeof group['friendly_name'] === 'string' ? [group['friendly_name']] : [],
    )
    const learned = names.slice(0, groupsMax).map((name): Learned => [groupKey(name), { name }])
    return nothing('the list of groups', learned)
  }
  if (what === 'info' && isObject(value)) return readInfo(value, known)
  if (what === 'event' && isObject(value)) return readEvent(value, known)
  if (what === 'response/device/rename' && isObject(value)) return readRename(value, known)
  if (what.startsWith('response/') && isObject(value) && typeof value['transaction'] === 'string')
    return readResponse(value, value['transaction'], base)
  if ((what === 'logging' || what === 'log') && isObject(value)) {
    const found = readFailure(value, known) ?? (what === 'log' ? readLegacy(value, known) : undefined)
    if (found) return found
  }
  if (what.startsWith('response/') && isObject(value) && value['status'] === 'error')
    return nothing(`the bridge refused: ${textOf(payload).slice(0, 200)}`)
  return nothing('about the bridge itself')
}

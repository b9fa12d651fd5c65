// The topics to which a device may publish and subscribe: pure rules, the same for messages, last wills and retained
// messages.
import {
  downChannels,
  parseDeviceTopic,
  upChannels,
  type Channel,
} from '../../../protocols/device-mqtt/topics.ts'
import type { Identity } from './identity.ts'
import type { TopicGrants } from '../port.ts'
import type { RefusalCause } from '../refusals.ts'
import { topicNameProblem, type TopicLimits } from '../topic-text.ts'

export interface AccessOptions {
  access: 'strict' | 'open'
  grants: TopicGrants
  limits: TopicLimits
}

/** What the broker does with an accepted message. */
export interface PublishRight {
  /** The sender of the message. */
  device: string
  /**
   * `intake`: stored before it is acknowledged; `presence`: the same, and noted; `route`: only handed to subscribers;
   * `aside`: acknowledged and nothing more.
   */
  purpose: 'intake' | 'presence' | 'route' | 'aside'
}

const isUp = (channel: Channel): boolean => (upChannels as readonly string[]).includes(channel)
const isDown = (channel: Channel): boolean => (downChannels as readonly string[]).includes(channel)
const isReserved = (topic: string): boolean => topic === '$SYS' || topic.startsWith('$SYS/')

// A Mosquitto bridge with default settings publishes its state there, also as its last will: if refused, it would never
// connect. The connection itself already shows that state.
const bridgeState = /^\$SYS\/broker\/connection\/[^/]+\/state$/

export class Access {
  readonly #options: AccessOptions

  constructor(options: AccessOptions) {
    this.#options = options
  }

  publishRight(identity: Identity, topic: string): PublishRight | RefusalCause {
    const { access, grants, limits } = this.#options
    if (topicNameProblem(topic, limits) !== undefined) return 'topic-malformed'
    if (bridgeState.test(topic)) return { device: identity.device, purpose: 'aside' }
    if (isReserved(topic)) return 'topic-reserved'
    const native = parseDeviceTopic(topic)
    const isOpen = access === 'open'
    if (native && isUp(native.channel)) {
      if (!isOpen && (native.device !== identity.device || grants.isForeign?.(identity.device)))
        return 'topic-not-own'
      return { device: native.device, purpose: native.channel === 'presence' ? 'presence' : 'intake' }
    }
    if (grants.mayPublish(identity.device, topic)) return { device: identity.device, purpose: 'intake' }
    return isOpen ? { device: identity.device, purpose: 'route' } : 'topic-not-own'
  }

  /** Largest payload of this device, or undefined for the general limit. */
  payloadBytesMax({ device }: Identity): number | undefined {
    return this.#options.grants.payloadBytesMax?.(device)
  }

  isLockedOut({ device }: Identity): boolean {
    return this.#options.grants.isLockedOut?.(device) === true
  }

  /** True when a message can be a call of a person, also without known words. */
  isUrgent(device: string, message: { topic: string; payload: Uint8Array; isRetained: boolean }): boolean {
    return this.#options.grants.isUrgent?.(device, message) === true
  }

  /** The filter is already checked for form. */
  subscribeRefusal(identity: Identity, filter: string): RefusalCause | undefined {
    const { access, grants } = this.#options
    if (access === 'open') return undefined
    const own = `gengfu/v1/${identity.device}/`
    if (filter.startsWith(own) && !grants.isForeign?.(identity.device)) {
      const channel = filter.slice(own.length)
      if (channel === '#' || channel === '+' || isDown(channel as Channel)) return undefined
    }
    return grants.maySubscribe(identity.device, filter) ? undefined : 'filter-not-own'
  }

  /** A wildcard over its own topics must not return a device's own events to it. */
  mayReceive(topic: string): boolean {
    if (this.#options.access === 'open') return true
    const native = parseDeviceTopic(topic)
    return native === undefined || isDown(native.channel)
  }
}

// A device keeps its id when its hardware is replaced: here the names under which hardware connects become our ids, and back. Inside
// of this border there are our ids alone.
import { deviceTopic, parseDeviceTopic } from '../../protocols/device-mqtt/topics.ts'
import type { DeviceBroker, DeviceIntake, DeviceSighting, TopicGrants } from '../broker/port.ts'

export interface DeviceNames {
  /** Our id of what connects under this name. */
  idOf: (name: string) => string
  /** The name under which this device connects. */
  nameOf: (id: string) => string
}

export function deviceNamesOf(
  devices: readonly { id: string; connectsAs?: string | undefined }[],
): DeviceNames {
  const names = new Map<string, string>()
  const ids = new Map<string, string>()
  for (const { id, connectsAs } of devices)
    if (connectsAs !== undefined && connectsAs !== id) {
      names.set(id, connectsAs)
      ids.set(connectsAs, id)
    }
  return { idOf: (name) => ids.get(name) ?? name, nameOf: (id) => names.get(id) ?? id }
}

/** What the broker asks of the inside, in names of hardware. */
export function namedIntake(intake: DeviceIntake, { idOf }: DeviceNames): DeviceIntake {
  return {
    admitted: (name, proof, mark) => intake.admitted(idOf(name), proof, mark),
    elsewhere: (message) => intake.elsewhere?.({ ...message, device: idOf(message.device) }),
    take: (message, answer) => {
      const device = idOf(message.device)
      // The usual case copies nothing.
      if (device === message.device) return intake.take(message, answer)
      // Field by field: the broker's own object has some of them from its class.
      const { topic, payload, text, isRetained, isResent = false, qos } = message
      return intake.take({ device, topic, payload, text, isRetained, isResent, qos }, answer)
    },
  }
}

export function namedGrants(grants: TopicGrants, { idOf }: DeviceNames): TopicGrants {
  return {
    mayPublish: (name, topic) => grants.mayPublish(idOf(name), topic),
    maySubscribe: (name, filter) => grants.maySubscribe(idOf(name), filter),
    isForeign: (name) => grants.isForeign?.(idOf(name)) === true,
    isUrgent: (name, message) => grants.isUrgent?.(idOf(name), message) === true,
    payloadBytesMax: (name) => grants.payloadBytesMax?.(idOf(name)),
    // By the hardware: its id may have new hardware by now.
    isLockedOut: (name) => grants.isLockedOut?.(name) === true,
  }
}

/** The broker in our ids. */
export function namedBroker(broker: DeviceBroker, { idOf, nameOf }: DeviceNames): DeviceBroker {
  const named = (sighting: DeviceSighting): DeviceSighting => ({
    ...sighting,
    device: idOf(sighting.device),
  })
  return {
    start: () => broker.start(),
    stop: () => broker.stop(),
    addresses: () => broker.addresses(),
    reload: () => broker.reload(),
    proveAnswer: (event) => broker.proveAnswer({ ...event, device: nameOf(event.device) }),
    publish: (topic, payload, choice) => {
      const place = parseDeviceTopic(topic)
      const to = place === undefined ? topic : deviceTopic(nameOf(place.device), place.channel)
      return broker.publish(to, payload, choice)
    },
    onDeviceReady: (listener) => broker.onDeviceReady((name) => listener(idOf(name))),
    onSighting: (listener) => broker.onSighting((sighting) => listener(named(sighting))),
    sightingOf: (id) => named(broker.sightingOf(nameOf(id))),
    sightings: () => broker.sightings().map(named),
    refused: () => broker.refused(),
  }
}

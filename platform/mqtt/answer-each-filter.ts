// SUBACK holds one code for each filter of the SUBSCRIBE [MQTT-3.8.4-5]; aedes 1.2.0 drops a filter that comes twice, code and
// all. broker-conformance.test.ts and centre-uplink-conformance.test.ts fail when aedes changes.
import type { ISubscribePacket } from 'mqtt-packet'

/** The part of an aedes client that its types leave out. */
interface ParsingClient {
  _parser: { prependListener(event: 'packet', listener: (packet: { cmd: string }) => void): void }
}

/** A repeat is given to aedes as a String object: a different key for aedes, the same text for all other code. */
export function answerEachFilter(client: object): void {
  ;(client as ParsingClient)._parser.prependListener('packet', (packet) => {
    if (packet.cmd !== 'subscribe') return
    const { subscriptions } = packet as ISubscribePacket
    if (subscriptions.length < 2) return
    const seen = new Set<string>()
    for (const subscription of subscriptions) {
      if (seen.has(subscription.topic))
        Object.assign(subscription, { topic: Object(subscription.topic) as unknown })
      else seen.add(subscription.topic)
    }
  })
}

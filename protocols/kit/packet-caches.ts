// Limits the memory that mqtt-packet keeps for ever. It is in every process that uses MQTT here, brokers and clients
// alike.
import mqttPacket from 'mqtt-packet'

/** Remaining lengths of up to two bytes are kept, encoded, from the first packet that has them. */
const lengthsKept = 16_384
const lengthsAtOnce = 1024
/** A PUBLISH of QoS 0 with a topic of one letter: two bytes for the topic's length, and the letter. */
const headBytes = 3

const nowhere = { write: () => true, cork: () => undefined, uncork: () => undefined }
let filling: Promise<void> | undefined

/**
 * Each cached length is a few bytes out of Node's pool and holds 8 KB of it: on a box whose Reports have pictures of
 * any size that grows to 130 MB. Written in a row once, all lengths share some thirty such pieces, in a quarter of a
 * megabyte. And a buffer for each of the 65,536 numbers of two bytes is made when needed instead: 6 MB. Does nothing
 * the second time.
 */
export function keepPacketCachesSmall(): Promise<void> {
  mqttPacket.writeToStream.cacheNumbers = false
  return (filling ??= fillLengths())
}

async function fillLengths(): Promise<void> {
  const payload = Buffer.alloc(lengthsKept)
  for (let from = headBytes; from < lengthsKept; from += lengthsAtOnce) {
    for (let length = from; length < Math.min(from + lengthsAtOnce, lengthsKept); length++) {
      const packet = { cmd: 'publish', topic: 'a', qos: 0, dup: false, retain: false } as const
      mqttPacket.writeToStream(
        { ...packet, payload: payload.subarray(0, length - headBytes) },
        nowhere as never,
      )
    }
    // In pieces, so that a connected device does not wait for all of it.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

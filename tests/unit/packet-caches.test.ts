// Do mqtt-packet's permanent caches stay small, whatever lengths its packets have?
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** Megabytes in use after a packet of each length with other work between, in a separate process. */
function megabytesHeld(isKeptSmall: boolean): number {
  const program = `
    import mqttPacket from 'mqtt-packet'
    import { keepPacketCachesSmall } from './protocols/kit/packet-caches.ts'
    if (${isKeptSmall}) await keepPacketCachesSmall()
    const nowhere = { write: () => true, cork: () => undefined, uncork: () => undefined }
    const payload = Buffer.alloc(16384)
    for (let length = 0; length < 16380; length++) {
      mqttPacket.writeToStream({ cmd: 'publish', topic: 'a', qos: 1, messageId: 1 + length, payload: payload.subarray(length) }, nowhere)
      for (let i = 0; i < 4; i++) Buffer.allocUnsafe(2000)
    }
    // V8 gives buffers back on a thread of its own, which on a busy machine may come late: what is held is the least that is seen.
    let held = Infinity
    for (let i = 0; i < 20; i++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 20))
      held = Math.min(held, process.memoryUsage().arrayBuffers / 1e6)
    }
    process.stdout.write(String(held))`
  const parameters = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program]
  return Number(execFileSync(process.execPath, parameters, { encoding: 'utf8' }))
}

it('holds less than a megabyte after packets of every length, and the twin a hundred', () => {
  expect(megabytesHeld(true)).toBeLessThan(1)
  expect(megabytesHeld(false)).toBeGreaterThan(100)
})

// Do box and centre limit mqtt-packet's caches? (The saving: tests/unit/packet-caches.test.ts.)
import mqttPacket from 'mqtt-packet'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dropFolder, makeFolder, startCentre } from '../contract/centre/centre-parts.ts'
import { createBoxFolder, startBox } from '../kits/system/box-in-process.ts'

const undo: (() => unknown)[] = []
beforeEach(() => {
  mqttPacket.writeToStream.cacheNumbers = true
})
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one()
})

it('a box does', async () => {
  const scratch = createBoxFolder()
  undo.push(() => scratch.remove())
  const { gateway } = await startBox(scratch.folder, {})
  undo.push(() => gateway.stop())
  expect(mqttPacket.writeToStream.cacheNumbers).toBe(false)
})

it('a centre does', async () => {
  const folder = makeFolder()
  undo.push(() => dropFolder(folder))
  const { centre } = await startCentre(folder)
  undo.push(() => centre.stop())
  expect(mqttPacket.writeToStream.cacheNumbers).toBe(false)
})

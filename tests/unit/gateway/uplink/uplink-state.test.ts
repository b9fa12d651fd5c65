// Does the uplink say in which state it is and why, try again by itself, and stop at any moment?
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createUplinkUnderTest, type UplinkUnderTest } from '../../../kits/system/uplink-kit.ts'

let server: Server
let sockets: Socket[]
let port: number
let under: UplinkUnderTest
beforeEach(async () => {
  sockets = []
  // Accepts and says nothing.
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  under = createUplinkUnderTest({ url: `mqtt://127.0.0.1:${port}` })
})
afterEach(async () => {
  await under.uplink.stop()
  for (const socket of sockets) socket.destroy()
  server.close()
})

it('is connecting while the centre has not answered, and down with its reason when the connection ends', async () => {
  under.uplink.start()
  await expect.poll(() => sockets.length).toBe(1)
  expect((await under.uplink.facts()).state).toBe('connecting')
  sockets[0]?.destroy()
  await expect.poll(() => under.links.at(-1)?.state).toBe('down')
  expect(under.links.at(-1)?.reason).toBeTruthy()
  await expect.poll(() => sockets.length, { timeout: 30_000 }).toBe(2)
})

it('keeps what was committed, with its age, while there is no link', async () => {
  under.uplink.start()
  under.outbox.commit('red', '{"type":"event","atMs":1}')
  const { lanes, words, state } = await under.uplink.facts()
  expect([lanes.red.waiting, lanes.routine.waiting, state]).toEqual([1, 0, 'connecting'])
  expect(words.zh).toMatch(/\p{Script=Han}/u)
})

it('stops in the middle of an attempt, and before it was started', async () => {
  await under.uplink.stop()
  under.uplink.start()
  await expect.poll(() => sockets.length).toBe(1)
  await under.uplink.stop()
  expect(under.links.at(-1)).toMatchObject({ state: 'down', reason: 'stopped' })
  expect(under.uplink.isMoving).toBe(true)
})

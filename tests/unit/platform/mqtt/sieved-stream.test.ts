// A connection to a server through the sieve: what mqtt.js gets of it, and what the server gets back.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'
import { afterEach, expect, test } from 'vitest'
import type { LeftOutMessage } from '../../../../platform/mqtt/frame-sieve.ts'
import { SievedStream } from '../../../../platform/mqtt/sieved-stream.ts'

const undos: (() => void)[] = []
afterEach(() => {
  for (const undo of undos.splice(0)) undo()
})

async function connected(onLeftOut: (message: LeftOutMessage) => Promise<void>) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const arrived = once(server, 'connection') as Promise<[Socket]>
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [peer] = await arrived
  const stream = new SievedStream(socket, { messageBytesMax: 300, onLeftOut })
  undos.push(() => {
    stream.destroy()
    peer.destroy()
    server.close()
  })
  return { stream, peer }
}

const publish = (payload: string): Buffer =>
  generate({ cmd: 'publish', topic: 'a', payload, qos: 1, messageId: 7, dup: false, retain: false })

test('passes bytes both ways, and acknowledges a message that was left out once it is kept', async () => {
  const leftOut: LeftOutMessage[] = []
  const { stream, peer } = await connected((message) => Promise.resolve(void leftOut.push(message)))
  const small = publish('small')
  peer.write(Buffer.concat([publish('x'.repeat(100_000)), small]))
  const [passed] = (await once(stream, 'data')) as [Buffer]
  expect(small.subarray(0, passed.length).equals(passed)).toBe(true)
  const [answer] = (await once(peer, 'data')) as [Buffer]
  expect([...answer]).toEqual([0x40, 2, 0, 7])
  expect(leftOut.map(({ bytes }) => bytes > 100_000)).toEqual([true])
  stream.write('to the server')
  const [heard] = (await once(peer, 'data')) as [Buffer]
  expect(heard.toString()).toBe('to the server')
  peer.end()
  await once(stream, 'end')
})

test('ends with an error at a frame that no server sends, and when a message that was left out can not be kept', async () => {
  const first = await connected(() => Promise.resolve())
  first.peer.write(Buffer.from([0x82, 2, 0, 1]))
  const [wrong] = (await once(first.stream, 'error')) as [Error]
  expect(wrong.message).toContain('no server sends')
  const second = await connected(() => Promise.reject(new Error('the journal is full')))
  second.peer.write(publish('x'.repeat(1000)))
  const [full] = (await once(second.stream, 'error')) as [Error]
  expect(full.message).toBe('the journal is full')
})

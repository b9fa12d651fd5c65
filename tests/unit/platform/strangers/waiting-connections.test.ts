// Does an honest client get its turn beside a crowd that connects again at once, from its own address or from others?
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { NewConnections } from '../../../../platform/strangers/new-connections.ts'
import { WaitingConnections } from '../../../../platform/strangers/waiting-connections.ts'

const limits = { newAtOnce: 10, newPerSecond: 50, newUnknownAtOnce: 20, newUnknownPerSecond: 100 }

/** What the kernel has delivered and no server has read. */
class Unread extends EventEmitter {
  destroyed = false
  bytesRead = 0
  readableLength = 0
  content: Buffer | null = null

  read(): Buffer | null {
    const { content } = this
    this.content = null
    return content
  }

  unshift(bytes: Buffer): void {
    this.content = bytes
  }
}

function send(socket: Socket, text: string): Socket {
  const bytesRead = socket.bytesRead + text.length
  return Object.assign(socket, { bytesRead, readableLength: bytesRead, content: Buffer.from(text) })
}

function create(perNetworkMax = 100, max = 200) {
  const clock = new VirtualClock()
  const newOnes = new NewConnections(limits, clock)
  const refused: Socket[] = []
  const refuse = (socket: Socket): void => {
    Object.assign(socket, { destroyed: true })
    refused.push(socket)
    socket.emit('close')
  }
  const waiting = new WaitingConnections({ perNetworkMax, max, newOnes, clock, refuse })
  const served: string[] = []
  const sockets: Socket[] = []
  const dial = (network: string): Socket => {
    const socket = new Unread() as unknown as Socket
    const serve = (): void => void (served.push(network), sockets.push(socket))
    if (waiting.size === 0 && newOnes.enter(network)) serve()
    else waiting.add(socket, network, serve)
    return socket
  }
  return { clock, waiting, served, sockets, refused, dial }
}

/** As many sockets as this, each dialling again as soon as it is closed. */
function crowd({ clock, dial }: ReturnType<typeof create>, network: string, sockets: number): void {
  const again = (): void => {
    dial(network).once('close', () => clock.after(5, again))
  }
  for (let at = 0; at < sockets; at++) again()
}

it('gives an honest client its turn within a moment, at the address of a crowd and at another one', () => {
  const test = create()
  crowd(test, 'crowd-1', 150)
  crowd(test, 'crowd-2', 150)
  test.clock.advance(3000)
  let own = 0
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = test.served.filter((network) => network === 'clean').length
    test.dial('clean')
    test.clock.advance(100)
    own += test.served.filter((network) => network === 'clean').length - before
  }
  expect(own).toBe(20)
  expect(test.waiting.size).toBeLessThanOrEqual(200)
})

it('serves one that has sent something before a silent crowd', () => {
  const { clock, served, dial } = create()
  for (let at = 0; at < 60; at++) dial('town')
  const own = send(dial('town'), 'GET')
  for (let at = 0; at < 20; at++) dial('town')
  const before = served.length
  clock.advance(20)
  // The error listener of a waiting one is taken off when it is served.
  expect([served.length - before, own.listenerCount('error')]).toEqual([1, 0])
})

it('resets one that waited too long or for which there is no room', () => {
  const { clock, waiting, served, refused, dial } = create(3)
  for (let at = 0; at < limits.newAtOnce; at++) dial('town')
  expect(served).toHaveLength(limits.newAtOnce)
  const sockets = [1, 2, 3, 4].map(() => dial('town'))
  expect(refused).toEqual([sockets[0]])
  const gone = sockets[3] as Socket
  Object.assign(gone, { destroyed: true })
  clock.advance(100)
  expect([served.length, waiting.size]).toEqual([limits.newAtOnce + 2, 0])
  const closed = create(0)
  for (let at = 0; at <= limits.newAtOnce; at++) closed.dial('town')
  expect(closed.refused).toHaveLength(1)
})

it('serves whole requests before halves, whatever their number, and half a body before half a head', () => {
  const { clock, sockets, dial } = create()
  for (let at = 0; at < limits.newAtOnce; at++) dial('town')
  sockets.length = 0
  const halves = Array.from({ length: 60 }, () => send(dial('town'), 'GET / HTTP/1.1\r\n'))
  const part = 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{'
  const body = send(dial('town'), part)
  const own = send(dial('town'), 'GET / HTTP/1.1\r\n\r\n')
  clock.advance(100)
  const names = new Map<Socket, string>([
    ...halves.map((half) => [half, 'half'] as const),
    [body, 'body'],
    [own, 'own'],
  ])
  expect(sockets.map((socket) => names.get(socket)).slice(0, 3)).toEqual(['own', 'body', 'half'])
  // The server gets the bytes that were looked at.
  expect([own.read()?.toString(), body.read()?.toString()]).toEqual(['GET / HTTP/1.1\r\n\r\n', part])
})

it('resets half a request for room before a whole one', () => {
  const { clock, refused, dial } = create(30)
  for (let at = 0; at < limits.newAtOnce; at++) dial('town')
  const own = Array.from({ length: 20 }, () => send(dial('town'), 'GET / HTTP/1.1\r\n\r\n'))
  clock.advance(20)
  for (let at = 0; at < 40; at++) dial('town')
  expect(refused.length).toBeGreaterThan(25)
  expect(own.filter((one) => refused.includes(one))).toHaveLength(0)
})

it('looks at the bytes of one connection a few times only', () => {
  const { clock, dial } = create()
  for (let at = 0; at < limits.newAtOnce; at++) dial('town')
  for (let at = 0; at < 80; at++) send(dial('town'), 'GET / HTTP/1.1\r\n\r\n')
  const slow = dial('town')
  let looks = 0
  for (let at = 0; at < 20; at++) {
    send(slow, 'G')
    slow.read = () => (looks++, Buffer.from('G'))
    clock.advance(20)
  }
  expect(looks).toBe(4)
})

it('resets those with the most unread bytes when all together are too many', () => {
  const { clock, refused, dial } = create()
  for (let at = 0; at < limits.newAtOnce; at++) dial('town')
  const large = Array.from({ length: 40 }, () => Object.assign(dial('town'), { readableLength: 1024 * 1024 }))
  const own = send(dial('town'), 'GET / HTTP/1.1\r\n\r\n')
  clock.advance(20)
  expect(refused.filter((one) => !large.includes(one))).toHaveLength(0)
  expect([refused.length >= 24, own.destroyed]).toEqual([true, false])
})

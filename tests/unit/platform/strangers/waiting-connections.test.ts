// Does an honest client get its turn beside a crowd that connects again at once, from its own address or from others?
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { NewConnections } from '../../../../platform/strangers/new-connections.ts'
import { WaitingConnections } from '../../../../platform/strangers/waiting-connections.ts'

const limits = { newAtOnce: 10, newPerSecond: 50, newUnknownAtOnce: 20, newUnknownPerSecond: 100 }

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
  const dial = (network: string): Socket => {
    const socket = Object.assign(new EventEmitter(), { destroyed: false, bytesRead: 0 }) as unknown as Socket
    const serve = (): void => void served.push(network)
    if (waiting.size === 0 && newOnes.enter(network)) serve()
    else waiting.add(socket, network, serve)
    return socket
  }
  return { clock, waiting, served, refused, dial }
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
  const own = Object.assign(dial('town'), { bytesRead: 100 })
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

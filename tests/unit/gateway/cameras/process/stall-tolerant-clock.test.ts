// A process that had no processor for longer than a deadline: is a received answer read before the deadline ends it?
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { createStallTolerantClock } from '../../../../../gateway/cameras/process/stall-tolerant-clock.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'

const clock = createStallTolerantClock(createSystemClock())

/** Blocks the whole process, like a board without a free processor. */
const standStill = (forMs: number): void => {
  const untilMs = performance.now() + forMs
  while (performance.now() < untilMs);
}

it('an answer that waits in the socket comes before the deadline that ran out meanwhile', async () => {
  const seen: string[] = []
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('answer')
      clock.after(20, () => seen.push('deadline'))
      standStill(60)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.once('data', () => seen.push('answer'))
  socket.write('question')
  await expect.poll(() => seen.length).toBe(2)
  expect(seen).toEqual(['answer', 'deadline'])
  socket.destroy()
  server.close()
})

it('a deadline that is taken back does not fire, before its time or in the moment between', async () => {
  const fired: string[] = []
  const cancelEarly = clock.after(1, () => fired.push('early'))
  cancelEarly()
  const cancelBetween = clock.after(5, () => fired.push('between'))
  // Set later for the same time: it runs after the timer and before the work that the timer put off.
  setTimeout(cancelBetween, 5)
  await new Promise((resolve) => setTimeout(resolve, 25))
  expect(fired).toEqual([])
})

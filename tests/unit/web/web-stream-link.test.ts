// Question: is the desk equal to the centre whatever the stream does, and does it report it when it is not?
import { beforeEach, expect, test } from 'vitest'
import type { DeskAlarm, StreamMessage } from '../../../protocols/desk/api.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { AlarmBoard } from '../../../web/desk/queue/alarm-board.ts'
import {
  bufferedMax,
  helloTimeoutMs,
  quietMs,
  retryMaxMs,
  StreamLink,
  type Socket,
} from '../../../web/desk/link/stream-link.ts'
import { makeAlarm } from '../../browser/desk-alarms.ts'

class FakeSocket implements Socket {
  isClosed = false
  #hear: (text: string) => void = () => {}
  #closed: () => void = () => {}

  onMessage(listener: (text: string) => void): void {
    this.#hear = listener
  }
  onClose(listener: () => void): void {
    this.#closed = listener
  }
  close(): void {
    this.isClosed = true
  }
  say(message: StreamMessage): void {
    this.#hear(JSON.stringify(message))
  }
  hello(): void {
    this.say({ type: 'hello', position: '1', centreTimeMs: 5 })
  }
  drop(): void {
    this.#closed()
  }
}

let clock: VirtualClock
let sockets: FakeSocket[]
let states: string[]
let board: AlarmBoard
let centre: DeskAlarm[]
let isReachable: boolean
let gates: (() => void)[] | undefined
let link: StreamLink

beforeEach(() => {
  clock = new VirtualClock()
  sockets = []
  states = []
  board = new AlarmBoard()
  centre = []
  isReachable = true
  gates = undefined
  const read = async <T>(answer: () => T): Promise<T> => {
    const value = answer()
    if (gates !== undefined) await new Promise<void>((resolve) => gates?.push(resolve))
    if (!isReachable) throw new Error('unreachable')
    return value
  }
  link = new StreamLink({
    clock,
    random: createSeededRandom(7),
    openSocket: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    readAll: () => read(() => ({ alarms: [...centre], villages: [] })),
    readMostUrgent: () => read(() => [...centre]),
    agrees: (alarms) => board.agreesWith(alarms),
    onState: (state) => states.push(state),
    onHello: () => {},
    onSnapshot: ({ alarms }) => board.replace(alarms),
    onMessage: (message) => {
      if ('alarm' in message) board.put(message.alarm)
    },
    onFailure: () => {},
  })
})

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}
const lastSocket = (): FakeSocket => sockets.at(-1) ?? new FakeSocket()
const raised = (alarm: DeskAlarm): StreamMessage => ({ type: 'alarm.raised', position: '2', alarm })

async function goLive(): Promise<void> {
  link.start()
  lastSocket().hello()
  await settle()
  expect(states.at(-1)).toBe('live')
}

test('applies what the stream says while the list is read after the list, in order', async () => {
  const red = makeAlarm('red', 'sos', 0)
  centre = [red]
  gates = []
  link.start()
  lastSocket().hello()
  await settle()
  lastSocket().say(raised({ ...red, stage: 'accepted', acceptedBy: 'wang' }))
  expect(board.get(red.id)).toBeUndefined()
  gates.pop()?.()
  await settle()
  expect(board.get(red.id)?.acceptedBy).toBe('wang')
})

test('reads the whole list again after the stream was lost, so that nothing is missed', async () => {
  await goLive()
  lastSocket().drop()
  expect(states.at(-1)).toBe('lost')
  const meanwhile = makeAlarm('red', 'sos', 0)
  centre = [meanwhile]
  clock.advance(retryMaxMs)
  lastSocket().hello()
  await settle()
  expect(states.at(-1)).toBe('live')
  expect(board.get(meanwhile.id)).toBeDefined()
})

test('finds a silent stream dead when the list has an alarm that it never brought', async () => {
  await goLive()
  centre = [makeAlarm('red', 'sos', 0)]
  clock.advance(quietMs)
  await settle()
  expect(sockets).toHaveLength(2)
  expect(sockets[0]?.isClosed).toBe(true)
})

test('leaves a silent stream alone when the list agrees', async () => {
  centre = [makeAlarm('red', 'sos', 0)]
  await goLive()
  for (let turn = 0; turn < 5; turn++) {
    clock.advance(quietMs)
    await settle()
  }
  expect(sockets).toHaveLength(1)
  expect(states.at(-1)).toBe('live')
})

test('says lost when the centre answers nothing any more, although no close ever comes', async () => {
  await goLive()
  isReachable = false
  clock.advance(quietMs)
  await settle()
  expect(states.at(-1)).toBe('lost')
})

test('gives up an attempt without a hello and tries again, slower and slower up to the maximum', async () => {
  link.start()
  const waits: number[] = []
  for (let attempt = 0; attempt < 9; attempt++) {
    clock.advance(helloTimeoutMs)
    const from = clock.monotonicMs()
    const count = sockets.length
    while (sockets.length === count) clock.advance(50)
    waits.push(clock.monotonicMs() - from)
  }
  expect(Math.max(...waits)).toBeLessThanOrEqual(retryMaxMs + 50)
  expect(waits.at(-1)).toBeGreaterThan(waits[0] ?? 0)
})

test('starts over when more changes come than it can hold back', async () => {
  gates = []
  link.start()
  lastSocket().hello()
  const message = raised(makeAlarm('blue', 'camera-offline', 0))
  for (let count = 0; count <= bufferedMax; count++) lastSocket().say(message)
  expect(states.at(-1)).toBe('lost')
})

test('hears nothing from a socket that it has left behind', async () => {
  await goLive()
  const old = lastSocket()
  old.drop()
  old.say(raised(makeAlarm('red', 'sos', 0)))
  expect(board.view().waiting).toEqual([])
  link.stop()
  clock.advance(retryMaxMs * 2)
  expect(sockets).toHaveLength(1)
})

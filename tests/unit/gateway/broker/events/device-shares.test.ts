// How messages of devices that flood wait for their turn, and no other message does.
import { expect, it } from 'vitest'
import {
  atIntakeMax,
  DeviceShares,
  waitingBytesMax,
  waitingMax,
  type SharedMessage,
} from '../../../../../gateway/broker/events/device-shares.ts'

interface Message extends SharedMessage {
  name: string
  isReady: boolean
}

const message = (device: string, name: string, size = 10): Message => ({
  device,
  name,
  size,
  isReady: false,
  isCounted: false,
})
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Shares with an intake that counts what is named an alarm, and answers when the test says so. */
function open(): {
  shares: DeviceShares<Message>
  handed: Message[]
  names: () => string[]
  answer: (message: Message | undefined) => void
} {
  const handed: Message[] = []
  const shares = new DeviceShares<Message>((one) => {
    handed.push(one)
    return one.name.startsWith('alarm')
  })
  const answer = (one: Message | undefined): void => {
    if (!one) throw new Error('there is no such message')
    one.isReady = true
    shares.answered(one)
  }
  return { shares, handed, names: () => handed.map(({ name }) => name), answer }
}

it('hands a flood of alarms on eight at a time, and the press of another device at once', async () => {
  const { shares, handed, names, answer } = open()
  for (let at = 0; at < 100; at++) expect(shares.take(message('flood', `alarm-${at}`))).toBe(true)
  expect(handed).toHaveLength(atIntakeMax)
  expect(shares.isUsedUp('flood')).toBe(true)
  shares.take(message('button', 'alarm of a person'))
  expect(names().at(-1)).toBe('alarm of a person')
  expect(shares.isUsedUp('button')).toBe(false)
  answer(handed[0])
  answer(handed[1])
  // Not within the answer: sockets are read first.
  expect(handed).toHaveLength(atIntakeMax + 1)
  await turn()
  expect(names().slice(-1)).toEqual(['alarm-8'])
  await turn()
  expect(names().slice(-2)).toEqual(['alarm-8', 'alarm-9'])
  await turn()
  expect(handed).toHaveLength(atIntakeMax + 3)
})

it('serves devices that flood in turn, and each in its order, plain reports behind alarms too', async () => {
  const { shares, handed, names, answer } = open()
  for (const device of ['one', 'two'])
    for (let at = 0; at < atIntakeMax + 2; at++) shares.take(message(device, `alarm-${device}-${at}`))
  for (const device of ['one', 'two']) shares.take(message(device, `report-${device}`))
  const first = handed.length
  expect(first).toBe(2 * atIntakeMax)
  for (const one of handed) answer(one)
  for (let turns = 0; turns < 4; turns++) await turn()
  expect(names().slice(first)).toEqual([
    'alarm-one-8',
    'alarm-two-8',
    'alarm-one-9',
    'alarm-two-9',
    'report-one',
    'report-two',
  ])
  expect(shares.waiting).toBe(0)
})

it('never holds back plain reports of a device without alarms under way', () => {
  const { shares, handed } = open()
  for (let at = 0; at < 1000; at++) shares.take(message('gauge', `report-${at}`))
  expect(handed).toHaveLength(1000)
})

it('hands on to the end when each is answered while it is handed on', async () => {
  const handed: string[] = []
  const shares: DeviceShares<Message> = new DeviceShares((one) => {
    handed.push(one.name)
    one.isReady = true
    shares.answered(one)
    return true
  })
  for (let at = 0; at < 20; at++) shares.take(message('repeating', `alarm-${at}`))
  await turn()
  expect(handed).toHaveLength(20)
  expect(shares.isUsedUp('repeating')).toBe(false)
})

it('refuses what is beyond the bounds of one device, and of that one alone', () => {
  const { shares } = open()
  for (let at = 0; at < atIntakeMax + waitingMax; at++)
    expect(shares.take(message('flood', `alarm-${at}`))).toBe(true)
  expect(shares.take(message('flood', 'alarm'))).toBe(false)
  for (let at = 0; at < atIntakeMax; at++) shares.take(message('large', `alarm-${at}`))
  expect(shares.take(message('large', 'alarm', waitingBytesMax))).toBe(true)
  expect(shares.take(message('large', 'alarm', 1))).toBe(false)
  expect(shares.take(message('button', 'alarm'))).toBe(true)
})

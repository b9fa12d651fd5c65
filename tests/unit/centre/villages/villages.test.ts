// Is a box present, late and silent by the clock, listed under one name, and back after it was retired?
import { pino } from 'pino'
import { beforeEach, expect, it } from 'vitest'
import { Villages } from '../../../../centre/villages/villages.ts'
import type { Receipt } from '../../../../protocols/uplink/receipt.ts'
import { lateAfterMs, silentAfterMs, type Heartbeat } from '../../../../protocols/uplink/heartbeat.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

let clock: VirtualClock
let villages: Villages
let said: string[]
const heartbeat = (part: Partial<Heartbeat> = {}): Heartbeat =>
  ({ v: 1, epoch: 'e-1', clock: 'synced', lanes: {}, ...part }) as Heartbeat

beforeEach(() => {
  clock = new VirtualClock()
  said = []
  villages = new Villages({
    clock,
    logger: pino({ level: 'silent' }),
    receiptOf: () => ({ lanes: { red: { storedTo: 3, missing: [] } } }) as unknown as Receipt,
    missing: () => [[2, 2]],
    givenUp: () => 0,
    latestEpoch: () => undefined,
  })
  villages.onPresence(({ id }, presence) => said.push(`${id} ${presence}`))
  villages.remember([{ id: 'box-old', name: 'Old', lastHeardAtMs: 1 }], [])
})

it('becomes late and silent when it is not heard, each said once, and present at the next message', () => {
  villages.start()
  villages.heard('box-a')
  clock.advance(lateAfterMs + 2000)
  clock.advance(silentAfterMs)
  villages.heard('box-a')
  villages.stop()
  expect(said.filter((line) => line.startsWith('box-a'))).toEqual([
    'box-a present',
    'box-a late',
    'box-a silent',
    'box-a present',
  ])
})

it('takes a box of an earlier run for silent only after it had time to be heard', () => {
  villages.judge()
  expect(villages.presenceOf('box-old')).toBe('unknown')
  clock.advance(silentAfterMs)
  villages.judge()
  expect(said).toEqual(['box-old silent'])
})

it('takes the first name of a box, no second one by itself, and none that another box has', () => {
  villages.heartbeat('box-a', heartbeat({ name: 'Upper Brook' }))
  villages.heartbeat('box-b', heartbeat({ name: 'UPPER BROOK' }))
  villages.heartbeat('box-a', heartbeat({ name: 'Other' }))
  expect([villages.nameOf('box-a'), villages.nameOf('box-b')]).toEqual(['Upper Brook', 'box-b'])
  const boxes = villages.answer([]).villages.flatMap((village) => village.boxes)
  expect(boxes.find(({ id }) => id === 'box-a')).toMatchObject({ pendingName: 'Other' })
})

it('keeps the name of the configuration', () => {
  villages.remember([{ id: 'box-c', name: 'By the town' }], [{ id: 'box-c' }])
  villages.heartbeat('box-c', heartbeat({ name: 'By the box' }))
  expect(villages.nameOf('box-c')).toBe('By the town')
})

it('forgets a retired box, and lists it under its name when it is heard again', () => {
  villages.retire('box-old')
  expect([villages.knows('box-old'), villages.ids()]).toEqual([false, []])
  villages.heard('box-old')
  expect(villages.nameOf('box-old')).toBe('Old')
})

it('groups boxes by village, with open alarms by colour and the progress of each lane', () => {
  for (const id of ['320612104201-1', '320612104201-2'])
    villages.heartbeat(id, heartbeat({ lanes: { red: { last: 5, receipted: 3 } } }))
  const { villages: all } = villages.answer([{ box: '320612104201-2', colourRank: 0, count: 2 }])
  expect(all.find(({ id }) => id === '320612104201')).toMatchObject({
    town: '320612104',
    openAlarms: { red: 2, orange: 0 },
    boxes: [{ lanes: { red: { storedTo: 3, announced: 5, missing: [[2, 2]] } } }, {}],
  })
})

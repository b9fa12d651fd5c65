// Does every message that is due reach its receiver, and does a bad receiver cost the others anything?
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { OutletEventPage } from '../../../../centre/storage/outlet-port.ts'
import { FakeReceiver, openStore, settingsOf, type Store, type Town } from './outlet-kit.ts'

const waitMs = { timeout: 20_000, interval: 10 }
let store: Store
let stop: (() => Promise<void>) | undefined
beforeAll(async () => {
  store = await openStore()
})
afterEach(async () => {
  await stop?.()
  stop = undefined
})
afterAll(() => store.close())

async function town(given: { settings?: object; receiver: FakeReceiver }[]): Promise<Town> {
  const opened = await store.open(
    given.map(({ settings = {}, receiver }) => ({ settings: settingsOf(settings), outlet: receiver })),
  )
  stop = () => opened.outlets.stop()
  return opened
}

it('hands a red case over once, with who, where and the same id on the case', async () => {
  const receiver = new FakeReceiver()
  const { raise, outlets } = await town([{ receiver }])
  const id = await raise()
  await vi.waitFor(async () => {
    const deliveries = (await outlets.ofCase(id))?.deliveries ?? []
    expect(deliveries).toMatchObject([{ outlet: 'police', state: 'handed-over', words: 'OK', attempts: 1 }])
    expect(deliveries[0]?.id).toBe(receiver.got[0]?.id)
  }, waitMs)
  expect(receiver.got).toMatchObject([
    { case: id, step: 'raised', colour: 'red', kind: 'sos', place: { household: '张三家' } },
  ])
})

it('a centre that stood still with steps it had read queues no message a second time', async () => {
  const pages: OutletEventPage[] = []
  const receiver = new FakeReceiver()
  const first = await store.open([{ settings: settingsOf({}), outlet: receiver }], (storage) => ({
    ...storage,
    outletEvents: async (after, limit) => {
      const page = await storage.outletEvents(after, limit)
      if (page.events.length > 0) pages.push(structuredClone(page))
      return page
    },
  }))
  stop = () => first.outlets.stop()
  const id = await first.raise()
  await vi.waitFor(() => expect(receiver.got).toHaveLength(1), waitMs)
  // Also while the place in the log, up to which steps were queued, is not known: the ids are the same.
  for (const isPlaceKnown of [true, false]) {
    let left = pages.length
    const second = await store.open([{ settings: settingsOf({}), outlet: receiver }], (storage) => ({
      ...storage,
      outletEvents: async () => pages[pages.length - left--] ?? { events: [], to: 0, isEnd: true },
      addDeliveries: (made, to, atMs) => storage.addDeliveries(made, isPlaceKnown ? to : undefined, atMs),
    }))
    await vi.waitFor(() => expect(left).toBeLessThan(0), waitMs)
    await second.outlets.stop()
  }
  expect((await first.outlets.ofCase(id))?.deliveries).toHaveLength(1)
})

it('sends a drill only to an outlet that is marked for drills, also by a click', async () => {
  const [real, school] = [new FakeReceiver(), new FakeReceiver()]
  const { raise, outlets } = await town([
    { receiver: real },
    { settings: { name: 'school', drills: true }, receiver: school },
  ])
  const id = await raise({ isDrill: true })
  await vi.waitFor(() => expect(school.got).toMatchObject([{ isDrill: true }]), waitMs)
  expect(await outlets.ask(id, 'police', 'ops', '')).toBe('drill')
  expect((await outlets.ofCase(id))?.outlets).toEqual([{ name: 'school', label: 'school' }])
  expect(real.attempts).toBe(0)
})

it('calls the household back for a click, as no message of the case, and never where it would betray someone', async () => {
  const [receiver, other] = [new FakeReceiver(), new FakeReceiver()]
  const call = {
    type: 'voice',
    host: '127.0.0.1',
    user: 'gengfu',
    numbers: ['13800000000'],
    desk: { users: { li: '8001' } },
  }
  const { raise, outlets } = await town([
    { settings: { ...call, rules: [{ steps: ['supervisor'] }] }, receiver },
    { settings: { name: 'office', rules: [{ steps: ['supervisor'] }] }, receiver: other },
  ])
  const id = await raise({ place: { household: '张三家', phone: '13811112222' } })
  await vi.waitFor(async () => expect(await outlets.ofCase(id)).toBeDefined(), waitMs)
  expect((await outlets.ofCase(id))?.outlets).toEqual([
    { name: 'police', label: 'police', callsHousehold: true },
    { name: 'office', label: 'office' },
  ])
  expect(await outlets.ask(id, 'office', 'ops', '', 'read')).toBe('no-call')
  expect(await outlets.ask(id, 'police', 'ops', '我们马上到', 'read')).toBe('queued')
  await vi.waitFor(
    () => expect(receiver.got).toMatchObject([{ step: 'household', text: '我们马上到' }]),
    waitMs,
  )
  expect((await outlets.ofCase(id))?.deliveries).toMatchObject([{ step: 'household', by: 'ops' }])
  // Only a person with a telephone at the desk can be connected.
  expect((await outlets.ofCase(id, 'li'))?.outlets[0]).toMatchObject({ connectsHousehold: true })
  expect(await outlets.ask(id, 'police', 'ops', '', 'connect')).toBe('no-call')
  expect(await outlets.ask(id, 'police', 'li', '', 'connect')).toBe('queued')
  await vi.waitFor(
    () => expect(receiver.got[1]).toMatchObject({ step: 'household', deskPhone: '8001' }),
    waitMs,
  )
  expect(await outlets.ask(id, 'police', 'ops', '')).toBe('queued')
  await vi.waitFor(() => expect(receiver.got[2]).toMatchObject({ step: 'raised' }), waitMs)
  for (const part of [{ variant: 'duress' }, { variant: 'silent' }]) {
    const silent = await raise({ place: { household: '李四家', phone: '13811112222' }, ...part })
    await vi.waitFor(async () => expect(await outlets.ofCase(silent)).toBeDefined(), waitMs)
    expect(await outlets.ask(silent, 'police', 'ops', '', 'read')).toBe('no-call')
  }
  const none = await raise({ place: { household: '王五家' } })
  await vi.waitFor(async () => expect(await outlets.ofCase(none)).toBeDefined(), waitMs)
  expect(await outlets.ask(none, 'police', 'ops', '', 'read')).toBe('no-call')
})

it('costs no other outlet anything when a receiver is dead, hangs for ever or refuses', async () => {
  const [dead, endless, lying, good] = [1, 2, 3, 4].map(() => new FakeReceiver()) as FakeReceiver[] &
    [FakeReceiver, FakeReceiver, FakeReceiver, FakeReceiver]
  dead.behaviour = 'throw'
  endless.behaviour = 'hang'
  lying.behaviour = 'refuse'
  const { raise, outlets } = await town([
    { settings: { name: 'dead' }, receiver: dead },
    { settings: { name: 'endless', timeoutSeconds: 1 }, receiver: endless },
    { settings: { name: 'lying' }, receiver: lying },
    { settings: { name: 'good' }, receiver: good },
  ])
  const id = await raise()
  for (let i = 2; i <= 5; i++) await raise()
  await vi.waitFor(() => expect(good.got.length).toBe(5), waitMs)
  // The endless one is tried again and again, and its words are ours.
  await vi.waitFor(() => expect(endless.attempts).toBeGreaterThan(1), waitMs)
  const deliveries = (await outlets.ofCase(id))?.deliveries ?? []
  const of = (name: string) => deliveries.find(({ outlet }) => outlet === name)
  expect(of('dead')).toMatchObject({ state: 'waiting', words: 'connect ECONNREFUSED' })
  // No control character of a receiver reaches a page or a terminal.
  expect(of('lying')).toMatchObject({ state: 'waiting', words: 'NAK [2J busy' })
  expect(of('good')).toMatchObject({ state: 'handed-over' })
})

it('sends what waited, red and blue, to a receiver that comes back', async () => {
  const receiver = new FakeReceiver()
  receiver.behaviour = 'throw'
  const { raise } = await town([{ receiver }])
  await raise({ kind: 'device-battery-low', colour: 'blue' })
  await raise()
  await vi.waitFor(() => expect(receiver.attempts).toBeGreaterThanOrEqual(2), waitMs)
  receiver.behaviour = 'good'
  await vi.waitFor(() => expect(receiver.got.length).toBe(2), waitMs)
})

it('fails a message that is refused for good, raises the alarm, and ends it with the next success', async () => {
  const receiver = new FakeReceiver()
  receiver.behaviour = 'refuse-for-good'
  const { raise, outlets, troubles } = await town([{ receiver }])
  const id = await raise()
  await vi.waitFor(() => expect(troubles.get('outlet-failed police')).toBe('NAK [2J busy'), waitMs)
  expect((await outlets.ofCase(id))?.deliveries).toMatchObject([{ state: 'failed', attempts: 1 }])
  receiver.behaviour = 'good'
  expect(await outlets.test('police', 'ops', true)).not.toHaveProperty('state')
  expect(troubles.size).toBe(1)
  expect(await outlets.test('police', 'ops', false)).toMatchObject({ state: 'handed-over' })
  expect(troubles.size).toBe(0)
  expect(receiver.got).toMatchObject([{ isTest: true }])
})

it('raises the alarm while a red message waits longer than it may, and gives it up at its end', async () => {
  const receiver = new FakeReceiver()
  receiver.behaviour = 'throw'
  const settings = settingsOf({ alarmAfterSeconds: 5 })
  const opened = await store.open([{ settings: { ...settings, alarmAfterSeconds: 0 }, outlet: receiver }])
  stop = () => opened.outlets.stop()
  await opened.raise()
  await vi.waitFor(
    () => expect(opened.troubles.get('outlet-failed police')).toBe('connect ECONNREFUSED'),
    waitMs,
  )
})

it('tells a receiver that has the case how it goes on, and others not', async () => {
  const [by, clicked] = [new FakeReceiver(), new FakeReceiver()]
  const { raise, storage, outlets } = await town([
    { settings: { name: 'police', followUps: ['accepted'] }, receiver: by },
    { settings: { name: 'clinic', rules: [], followUps: ['accepted'] }, receiver: clicked },
  ])
  const accept = (id: string) =>
    storage.takeCaseStep({ case: id }, { do: 'accept' }, { who: 'ops', isSupervisor: false }, Date.now())
  const id = await raise()
  await vi.waitFor(() => expect(by.got.length).toBe(1), waitMs)
  await accept(id)
  outlets.look()
  await vi.waitFor(() => expect(by.got.at(-1)).toMatchObject({ step: 'accepted', who: 'ops' }), waitMs)
  expect(clicked.attempts).toBe(0)
  expect(await outlets.ask(id, 'clinic', 'ops', '老人独居')).toBe('queued')
  await vi.waitFor(() => expect(clicked.got).toMatchObject([{ step: 'raised', text: '老人独居' }]), waitMs)
  expect((await outlets.ofCase(id))?.deliveries[0]).toMatchObject({ outlet: 'clinic', by: 'ops' })
})

it('loses nothing when it ends between the hand-over and its note: the message comes again with the same id', async () => {
  const receiver = new FakeReceiver()
  const given = [{ settings: settingsOf({}), outlet: receiver }]
  // The commit after the hand-over never comes, as after SIGKILL.
  const first = await store.open(given, (storage) => ({
    ...storage,
    moveDeliveries: () => new Promise(() => undefined),
  }))
  const id = await first.raise()
  await vi.waitFor(() => expect(receiver.got.length).toBe(1), waitMs)
  void first.outlets.stop()
  const second = await store.open(given)
  stop = () => second.outlets.stop()
  await vi.waitFor(async () => {
    expect((await second.outlets.ofCase(id))?.deliveries).toMatchObject([{ state: 'handed-over' }])
  }, waitMs)
  expect(receiver.got.length).toBe(2)
  expect(receiver.got[1]?.id).toBe(receiver.got[0]?.id)
})

it('queues after a restart what was stored and not yet looked at', async () => {
  const receiver = new FakeReceiver()
  const given = [{ settings: settingsOf({}), outlet: receiver }]
  const first = await store.open(given, (storage) => ({
    ...storage,
    addDeliveries: () => new Promise(() => undefined),
  }))
  const id = await first.raise()
  void first.outlets.stop()
  expect(receiver.got).toEqual([])
  const second = await store.open(given)
  stop = () => second.outlets.stop()
  await vi.waitFor(() => expect(receiver.got).toMatchObject([{ case: id, step: 'raised' }]), waitMs)
})

it('confirms by the id that the receiver saw, and an answer that comes late confirms what had failed', async () => {
  const receiver = new FakeReceiver()
  receiver.behaviour = 'refuse-for-good'
  const { raise, outlets } = await town([{ receiver }])
  const id = await raise()
  await vi.waitFor(async () => {
    expect((await outlets.ofCase(id))?.deliveries).toMatchObject([{ state: 'failed' }])
  }, waitMs)
  const delivery = (await outlets.ofCase(id))?.deliveries[0]?.id ?? ''
  receiver.events?.confirmed(delivery, '收到', '13900000000')
  await vi.waitFor(async () => {
    expect((await outlets.ofCase(id))?.deliveries).toMatchObject([{ state: 'confirmed', words: '收到' }])
  }, waitMs)
  expect(await outlets.confirm('case-999', delivery, '', 'ops')).toBe(false)
})

it('collects what is not urgent where the outlet groups, and sends it as one', async () => {
  const receiver = new FakeReceiver()
  receiver.batchMax = 10
  receiver.groupMs = 300
  const { raise } = await town([{ receiver }])
  await raise({ kind: 'device-battery-low', colour: 'blue' })
  await raise({ kind: 'device-battery-low', colour: 'blue' })
  await raise()
  await vi.waitFor(() => expect(receiver.got.length).toBe(3), waitMs)
  expect(receiver.got[0]).toMatchObject({ colour: 'red' })
  expect(receiver.attempts).toBe(2)
})

it('takes the answer of a person by key as a step of the case, and what the case does not allow as a note', async () => {
  const receiver = new FakeReceiver()
  const { raise, outlets, storage } = await town([{ receiver }])
  const id = await raise()
  await vi.waitFor(() => expect(receiver.got.length).toBe(1), waitMs)
  const delivery = receiver.got[0]?.id ?? ''
  await receiver.events?.answered(delivery, 'accept', '4', '138****0001')
  expect((await storage.caseOf({ case: id }))?.case).toMatchObject({
    state: 'accepted',
    holder: '138****0001',
  })
  expect((await outlets.ofCase(id))?.deliveries.at(-1)).toMatchObject({ state: 'confirmed', words: '4' })
  await receiver.events?.noted(delivery, '在路上', '138****0001')
  const history = await storage.caseEvents(id, 0, 100)
  expect(history.at(-1)).toMatchObject({ what: 'note', text: '138****0001: 在路上' })
})

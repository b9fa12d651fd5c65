// Does each centre hear every change once and in order, whichever has stored it, and does it let go of what another one has taken?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { BoxClaims } from '../../../../centre/cluster/box-claims.ts'
import { ChangeFeed } from '../../../../centre/cluster/change-feed.ts'
import { hearForeign } from '../../../../centre/cluster/foreign-changes.ts'
import { onDutyOnly } from '../../../../centre/cluster/on-duty.ts'
import { SharedPresence } from '../../../../centre/cluster/shared-presence.ts'
import type { Storage, StoredChange } from '../../../../centre/storage/port.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const logger = pino({ level: 'silent' })
const change = (position: number): StoredChange => ({
  position,
  json: `{"type":"x","position":"${position}"}`,
})
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10))

function createFeed() {
  const stored: StoredChange[] = []
  const heard: number[] = []
  const foreign: number[] = []
  let isMissed = false
  const storage = {
    changesAfter: async (after: number, limit: number) =>
      after < 0 ? undefined : stored.filter(({ position }) => position > after).slice(0, limit),
    lastPosition: async () => 7,
  }
  const feed = new ChangeFeed(
    {
      storage,
      clock: new VirtualClock(0),
      logger,
      deliver: (changes, others) => {
        heard.push(...changes.map(({ position }) => position))
        foreign.push(...others.map(({ position }) => position))
      },
      onMissed: () => (isMissed = true),
    },
    0,
  )
  return { feed, stored, heard, foreign, wasMissed: () => isMissed }
}

it('passes own changes on at once, and waits for those of others that lie between', async () => {
  const { feed, stored, heard, foreign } = createFeed()
  feed.push([change(1), change(2)])
  expect(heard).toEqual([1, 2])
  stored.push(change(1), change(2), change(3), change(4), change(5))
  feed.push([change(5)])
  await soon()
  expect(heard).toEqual([1, 2, 3, 4, 5])
  expect(foreign).toEqual([3, 4])
  feed.look()
  await soon()
  expect(heard).toHaveLength(5)
})

it('boxes that come while others are claimed share the next commit, and one that fails refuses its own', async () => {
  const commits: string[][] = []
  const ends: ((error?: Error) => void)[] = []
  const claims = new BoxClaims({
    storage: {
      claimBoxes: (boxes) => {
        commits.push([...boxes])
        const claimed = boxes.map((box) => ({ box, fence: 1, epochs: [], lanes: [] }))
        return new Promise((resolve, reject) =>
          ends.push((error) => (error ? reject(error) : resolve(claimed))),
        )
      },
    },
    owner: 'one',
    logger,
    registry: new Registry(),
    adopt: () => undefined,
    cut: () => undefined,
  })
  const first = claims.claim('a')
  const others = ['b', 'c', 'b'].map((box) => claims.claim(box).catch(() => 'refused'))
  expect(commits).toEqual([['a']])
  ends[0]?.()
  await first
  await expect.poll(() => commits).toEqual([['a'], ['b', 'c']])
  ends[1]?.(new Error('no standby'))
  expect(await Promise.all(others)).toEqual(['refused', 'refused', 'refused'])
  expect([claims.fenceOf('a'), claims.fenceOf('b')]).toEqual([1, 0])
})

it('a claim that another centre took is gone, and its sessions are cut', async () => {
  const cut: string[][] = []
  const adopted: string[] = []
  let fence = 1
  const claims = new BoxClaims({
    storage: { claimBoxes: async (boxes) => boxes.map((box) => ({ box, fence, epochs: [], lanes: [] })) },
    owner: 'one',
    logger,
    registry: new Registry(),
    adopt: (box) => adopted.push(box),
    cut: (boxes) => cut.push([...boxes]),
  })
  expect(claims.fenceOf('a')).toBe(0)
  await claims.claim('a')
  await claims.claim('a')
  // What this centre knows of a box is read again only when another one had it in between.
  expect([claims.fenceOf('a'), adopted]).toEqual([1, ['a']])
  fence = 3
  await claims.claim('a')
  expect([claims.fenceOf('a'), adopted]).toEqual([3, ['a', 'a']])
  claims.lost(['a'])
  expect([claims.has('a'), cut]).toEqual([false, [['a']]])
})

it('a box is present when its time has moved on, not because it is in the table', async () => {
  const elsewhere: string[] = []
  const lost: string[] = []
  let atMs = 5000
  const clock = new VirtualClock(0)
  const noted: string[] = []
  const shared = new SharedPresence({
    storage: {
      noteHeard: async (boxes) => void noted.push(...boxes),
      heardSince: async () => ({ boxes: [{ box: 'a', owner: 'two', atMs }], people: [{ name: 'li', atMs }] }),
    },
    owner: 'one',
    clock,
    logger,
    takeHeard: () => ({ boxes: ['b'], people: [] }),
    heardElsewhere: (box) => elsewhere.push(box),
    personElsewhere: (name) => elsewhere.push(name),
    isMine: (box) => box === 'a',
    lost: (boxes) => lost.push(...boxes),
  })
  shared.start()
  clock.advance(6000)
  await soon()
  expect([elsewhere, lost, noted]).toEqual([[], ['a'], ['b']])
  clock.advance(6000)
  await soon()
  expect(elsewhere).toEqual([])
  atMs = 9000
  clock.advance(6000)
  await soon()
  expect(elsewhere).toEqual(['a', 'li'])
  await shared.stop()
})

it('a stage and a command of another centre go to the box, and what is not for it goes nowhere', () => {
  const heard: string[] = []
  const alarm = { id: 'a.sos-1', kind: 'sos', box: 'a', stage: 'accepted', changedAtMs: 1 }
  const messages = [
    { type: 'alarm.stage', alarm },
    { type: 'alarm.raised', alarm },
    { type: 'command.asked', command: { id: 'k-1' } },
    { type: 'box.presence', box: { id: 'b', presence: 'present' } },
    { type: 'box.presence', box: { id: 'c', presence: 'silent' } },
    { type: 'box.retired', box: 'd' },
  ]
  hearForeign(
    messages.map((message, i) => ({ position: i, json: JSON.stringify(message) })),
    {
      sendStage: (box, { alarm: id, stage }) => heard.push(`${box} ${id} ${stage}`),
      alarm: ({ id }) => heard.push(id),
      command: ({ id }) => heard.push(id),
      present: (box) => heard.push(`present ${box}`),
      retired: (box) => heard.push(`retired ${box}`),
    },
  )
  expect(heard).toEqual(['a.sos-1', 'a sos-1 accepted', 'a.sos-1', 'k-1', 'present b', 'retired d'])
})

it('a centre without the duties sends nothing and moves no case; what was read to comes from the database', async () => {
  let isOnDuty = false
  const asked: unknown[] = []
  const storage = onDutyOnly(
    {
      outletEvents: async (after: unknown) => (asked.push(after), { events: [], to: 9, isEnd: true }),
      dueDeliveries: async () => [{ id: 'g-1' }],
      nextDelivery: async () => 5,
      caseHolders: async () => [{ who: 'li', isSignedIn: false }],
      addDeliveries: async (_made: unknown, to: unknown) => (asked.push(to), []),
    } as unknown as Storage,
    () => isOnDuty,
  )
  const query = { outlet: 'sms', isUrgent: true, nowMs: 0, limit: 1 }
  expect(await storage.dueDeliveries(query)).toEqual([])
  expect(await storage.nextDelivery('sms', true)).toBeUndefined()
  expect(await storage.caseHolders(0)).toEqual([])
  expect(await storage.outletEvents(4, 10)).toEqual({ events: [], to: 4, isEnd: true })
  await storage.addDeliveries([], 4, 0)
  expect(asked).toEqual([])
  // A person may send a message again at any centre.
  await storage.addDeliveries([], undefined, 0)
  isOnDuty = true
  await storage.outletEvents(4, 10)
  expect(await storage.dueDeliveries(query)).toHaveLength(1)
  expect(asked).toEqual([undefined, undefined])
})

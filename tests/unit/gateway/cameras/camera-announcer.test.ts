// Is each state of a camera reported once, a failure in the lane of its most urgent request, and a lost picture by its reason?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import type { BoxFact } from '../../../../gateway/alarms/port.ts'
import { CameraAnnouncer } from '../../../../gateway/cameras/camera-announcer.ts'
import type { Condition } from '../../../../gateway/cameras/camera-condition.ts'
import { createCameraMetrics } from '../../../../gateway/cameras/camera-metrics.ts'
import type { CameraFact, Snapshot, Taken } from '../../../../gateway/cameras/port.ts'
import { CameraProblem, reasonOf } from '../../../../gateway/cameras/talk/camera-problem.ts'

let facts: CameraFact[]
let boxFacts: BoxFact[]
let order: string[]
let warned: string[]
let registry: Registry
let announcer: CameraAnnouncer

beforeEach(() => {
  facts = []
  boxFacts = []
  order = []
  warned = []
  registry = new Registry()
  announcer = new CameraAnnouncer({
    outlets: {
      onSnapshot: (_snapshot, { what }) => void order.push(what),
      onFact: (fact) => void facts.push(fact),
      onBoxFact: (fact) => void boxFacts.push(fact),
      onEvent: () => void order.push('event'),
    },
    metrics: createCameraMetrics(registry, { storeBytes: () => 0, offline: () => 0, processes: () => 0 }),
    log: pino({ level: 'warn' }, { write: (line: string) => void warned.push(line) }),
  })
})

const condition = (part: Partial<Condition> = {}): Condition => ({
  state: 'up-with-auth',
  picture: 'good',
  reason: undefined,
  failuresInRow: 0,
  isOffline: false,
  lastAnswerMs: undefined,
  lastPictureAtMs: undefined,
  ...part,
})
const away = condition({
  state: 'unreachable',
  isOffline: true,
  failuresInRow: 3,
  reason: reasonOf('refused'),
})

it('reports a camera that is away once, and once that it is back', () => {
  announcer.condition('cam-1', condition({ state: undefined }), condition())
  announcer.condition('cam-1', condition(), away)
  announcer.condition('cam-1', away, { ...away, failuresInRow: 4 })
  announcer.condition('cam-1', away, condition())
  expect(boxFacts.map(({ isPresent }) => isPresent)).toEqual([false, true, false])
  expect(boxFacts[1]).toMatchObject({
    kind: 'camera-offline',
    subject: 'cam-1',
    facts: { reason: 'refused' },
  })
  expect(facts.map(({ facts: { state } }) => state)).toEqual(['up-with-auth', 'unreachable', 'up-with-auth'])
})

it('says nothing of the alarm after one failure at the start', () => {
  announcer.condition(
    'cam-1',
    condition({ state: undefined }),
    condition({ state: 'unreachable', failuresInRow: 1 }),
  )
  expect(boxFacts).toEqual([])
})

it('answers every request of a failed picture, in the lane of the most urgent of them', () => {
  const outcomes: Taken[] = []
  const done = (outcome: Taken): void => void outcomes.push(outcome)
  const problem = new CameraProblem('refused')
  announcer.failed(
    'cam-1',
    [
      { moment: 'at-once', alarm: 'a-1', colour: 'orange', done },
      { moment: 'at-once', alarm: 'a-2', colour: 'red' },
      { moment: 'asked', alarm: 'a-1', done },
    ] as never,
    problem,
  )
  expect(outcomes).toEqual([
    { ok: false, reason: problem.reason },
    { ok: false, reason: problem.reason },
  ])
  expect(facts).toMatchObject([{ what: 'snapshot-failed', colour: 'red', facts: { alarms: ['a-1', 'a-2'] } }])
})

const snapshot = (reached: boolean): Snapshot =>
  ({
    id: 's-1',
    camera: 'cam-1',
    moment: 'asked',
    source: 'http',
    answerMs: 20,
    full: { sha256: 'f', bytes: 1 },
    preview: { sha256: 'p', bytes: 1 },
    ...(reached ? { reached: ['full', 'preview'] } : {}),
  }) as unknown as Snapshot

it('tells the fact with the picture, so that its record is sent before the bytes', () => {
  announcer.taken(snapshot(false))
  expect(order).toEqual(['snapshot-taken'])
})

it('warns of a picture that went before the centre had it, unless its term or a person ended it', () => {
  announcer.deleted({ snapshot: snapshot(false) as never, reason: 'asked' })
  announcer.deleted({ snapshot: snapshot(false) as never, reason: 'term' })
  expect(warned).toEqual([])
  announcer.deleted({ snapshot: snapshot(false) as never, reason: 'quota' })
  expect(warned).toHaveLength(1)
  expect(facts.map(({ what }) => what)).toEqual(['snapshot-deleted', 'snapshot-deleted', 'snapshot-deleted'])
})

it('hands on events, counts the dropped ones and names the camera once', () => {
  announcer.events('cam-1', { is: 'event', event: {} } as never)
  announcer.events('cam-1', { is: 'dropped', isFirst: true } as never)
  announcer.events('cam-1', { is: 'dropped', isFirst: false } as never)
  announcer.events('cam-1', { is: 'lost', code: 'refused' } as never)
  expect([order, warned.length]).toEqual([['event'], 2])
})

it('writes down who looked, changed or pinned what, and no new value', () => {
  announcer.looked('cam-1', { snapshot: 's-1', size: 'full', by: 'li' } as never)
  announcer.changed('camera-password-set', 'cam-1', 'li')
  announcer.pinned('cam-1', 'ab:cd')
  expect(facts.map(({ what, facts: one }) => [what, one['camera'], one['askedBy']])).toEqual([
    ['snapshot-looked-at', 'cam-1', undefined],
    ['camera-password-set', 'cam-1', 'li'],
    ['camera-certificate-pinned', 'cam-1', undefined],
  ])
})

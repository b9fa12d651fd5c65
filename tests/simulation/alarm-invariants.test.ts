// Over random villages and random inputs: is no red lost or delayed, do states follow ISA-18.2, is the engine a
// function of its inputs, and does a restart at any point change nothing?
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AlarmInput, Outcome } from '../../gateway/alarms/port.ts'
import type { Alarm, AlarmState } from '../../protocols/domain/alarm.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import { AlarmVillage } from '../unit/gateway/alarms/alarm-village.ts'

const settings = {
  zones: [
    { id: 'yard', armed: true },
    { id: 'shop', entryDelayS: 20, exitDelayS: 10, grade: 'key' as const },
    {
      id: 'school',
      schedule: [
        { from: '08:10', to: '08:40' },
        { from: '22:00', to: '06:00' },
      ],
    },
  ],
  devices: [
    { id: 'hub', kind: 'hub' as const, reportIntervalS: 60 },
    { id: 'button', kind: 'button' as const, zone: 'yard', reportIntervalS: 120 },
    { id: 'door', kind: 'contact' as const, zone: 'yard', via: 'hub', reportIntervalS: 90 },
    { id: 'motion', kind: 'motion' as const, zone: 'yard', via: 'hub', reportIntervalS: 90 },
    { id: 'shop-door', kind: 'contact' as const, zone: 'shop', isEntry: true },
    { id: 'gate', kind: 'contact' as const, zone: 'school', isPerimeter: true },
    {
      id: 'gauge',
      kind: 'water' as const,
      zone: 'yard',
      reportIntervalS: 60,
      water: { nearWarningMm: 300, warningMm: 500, guaranteeMm: 700, historicMm: 900 },
    },
  ],
  rules: [
    { id: 'siren', when: { colours: ['red' as const] }, device: 'siren', do: 'siren', secondsMax: 30 },
    { id: 'lamp', when: { kinds: ['intrusion' as const] }, device: 'lamp', do: 'lamp', secondsMax: 60 },
  ],
  limits: { chatterWindowS: 60, stormWindowS: 120, stormOfOneKind: 2, mainsLostAfterS: 5 },
}

type Step =
  | { do: 'wait'; seconds: number }
  | { do: 'input'; input: Exclude<AlarmInput, { type: 'stage' | 'shelve' | 'confirm' }> }
  /** On the n-th standing alarm, counted cyclically. */
  | { do: 'answer'; nth: number; how: 'accepted' | 'closed' | 'shelve' | 'confirm' }

const device = fc.constantFrom('hub', 'button', 'door', 'motion', 'shop-door', 'gate', 'gauge', 'stranger')
const readings: fc.Arbitrary<Readings> = fc.oneof(
  fc.record({ button: fc.constantFrom('pressed', 'held', 'duress') }),
  fc.record({ contact: fc.constantFrom('open', 'closed') }),
  fc.record({ waterLevelMm: fc.integer({ min: 0, max: 1000 }) }),
  fc.record({ motion: fc.boolean() }),
  fc.record({ smoke: fc.boolean() }),
  fc.record({ leak: fc.boolean(), batteryPercent: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ tamper: fc.boolean(), mains: fc.constantFrom('on', 'off') }),
)
const by = 'somebody'
const forMs = fc.constantFrom(0, 5000, 60_000)
const event = fc
  .record({ type: fc.constant('event'), device, readings })
  .map(({ device: id, readings: said }): AlarmInput => ({
    type: 'event',
    event: { device: id, messageId: 'm', readings: said },
  }))
const input = fc.oneof(
  { weight: 12, arbitrary: event },
  fc.record({ type: fc.constant('presence'), device, isOnline: fc.boolean() }),
  fc.record({
    type: fc.constant('arm'),
    zone: fc.constantFrom('yard', 'shop', 'school', 'nowhere'),
    isArmed: fc.boolean(),
    by: fc.constant(by),
  }),
  fc.record({ type: fc.constant('bypass'), device, forMs, by: fc.constant(by) }),
  fc.record({
    type: fc.constant('maintenance'),
    zone: fc.constantFrom('yard', 'box'),
    forMs: fc.constantFrom(0, 0, 5000),
    by: fc.constant(by),
  }),
  fc
    .record({
      kind: fc.constantFrom('mains-lost', 'link-lost', 'box-tamper', 'camera-offline'),
      isPresent: fc.boolean(),
    })
    .map((fact) => ({ type: 'box', fact })),
  fc.constant({ type: 'started' }),
) as fc.Arbitrary<Extract<Step, { do: 'input' }>['input']>

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 7, 30, 61, 200) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('input' as const), input }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      nth: fc.nat(20),
      how: fc.constantFrom('accepted', 'closed', 'shelve', 'confirm'),
    }),
  },
)
const steps = fc.array(step, { minLength: 5, maxLength: 60 })
const runs = { numRuns: 300 }

function take(place: AlarmVillage, one: Step): void {
  if (one.do === 'wait') place.wait(one.seconds)
  else if (one.do === 'input') place.judge(one.input)
  else {
    const alarms = place.alarms()
    const alarm = alarms[one.nth % Math.max(1, alarms.length)]?.id
    if (alarm === undefined) return
    if (one.how === 'shelve') place.judge({ type: 'shelve', alarm, forMs: 20_000, by })
    else if (one.how === 'confirm') place.judge({ type: 'confirm', alarm, by })
    else place.judge({ type: 'stage', alarm, stage: one.how })
  }
}

function run(
  list: readonly Step[],
  restartAt: (index: number) => boolean = () => false,
  isJson = false,
  Village: typeof AlarmVillage = AlarmVillage,
): AlarmVillage {
  const place = new Village(settings, isJson)
  list.forEach((one, index) => {
    if (restartAt(index)) place.restart()
    take(place, one)
  })
  return place
}

/** The broken property in words, empty if there is none. */
function counterexample<T>(property: fc.IProperty<T>, parameters: fc.Parameters<T>): string {
  return fc.defaultReportMessage(fc.check(property, parameters)) ?? ''
}

/** Outside maintenance a danger is raised in the call that brings it. */
function tellsRed(place: AlarmVillage, id: string, what: 'button' | 'smoke' | 'fire'): void {
  place.judge({ type: 'maintenance', zone: 'yard', forMs: 0, by })
  place.judge({ type: 'maintenance', zone: 'box', forMs: 0, by })
  if (what !== 'button') place.says(id, { [what]: false })
  const said: Readings = what === 'button' ? { button: 'pressed' } : { [what]: true }
  const outcome = place.says(id, said)
  expect(outcome.colour).toBe('red')
  const kind = what === 'button' ? 'sos' : what
  const told = outcome.transitions.find(({ alarm }) => alarm.device === id && alarm.kind === kind)?.alarm
  expect(told).toMatchObject({ colour: 'red', state: 'unacknowledged' })
  expect(told?.isDrill).toBeUndefined()
}

/** The transitions of ISA-18.2's diagram, as changes of state within one life; `undefined` is before the raise. */
const arrows: Record<string, (AlarmState | undefined)[]> = {
  unacknowledged: [
    undefined,
    'unacknowledged',
    'acknowledged',
    'returned-unacknowledged',
    'shelved',
    'suppressed',
    'out-of-service',
  ],
  acknowledged: ['unacknowledged', 'acknowledged', 'returned-unacknowledged', 'shelved', 'suppressed'],
  'returned-unacknowledged': ['unacknowledged'],
  shelved: ['unacknowledged', 'acknowledged', 'returned-unacknowledged', 'shelved'],
  suppressed: [undefined, 'unacknowledged', 'acknowledged', 'suppressed'],
  'out-of-service': [
    undefined,
    'unacknowledged',
    'acknowledged',
    'returned-unacknowledged',
    'shelved',
    'suppressed',
    'out-of-service',
  ],
  normal: [
    'acknowledged',
    'suppressed',
    'out-of-service',
    'shelved',
    'unacknowledged',
    'returned-unacknowledged',
  ],
}

describe('over random sequences', () => {
  test('every press, fire and smoke is raised as red in the same call, unacknowledged and on its own', () => {
    expect(
      counterexample(
        fc.property(steps, device, fc.constantFrom('button', 'smoke', 'fire'), (list, id, what) =>
          tellsRed(run(list), id, what),
        ),
        runs,
      ),
    ).toBe('')
  })

  test('red is never shelved, suppressed or out of service', () => {
    expect(
      counterexample(
        fc.property(steps, (list) => {
          const reds = run(list).transitions.filter(({ alarm }) => alarm.colour === 'red' && !alarm.isDrill)
          const allowed = ['unacknowledged', 'acknowledged', 'returned-unacknowledged', 'normal']
          expect(reds.filter(({ alarm }) => !allowed.includes(alarm.state))).toEqual([])
        }),
        runs,
      ),
    ).toBe('')
  })

  test('states follow the diagram, every alarm ends or stands, and one row stands per device and kind', () => {
    expect(
      counterexample(
        fc.property(steps, (list) => {
          const place = run(list)
          const lives = new Map<string, Alarm>()
          for (const { alarm, change } of place.transitions) {
            const before = lives.get(alarm.id)
            expect(before?.state).not.toBe('normal')
            expect(arrows[alarm.state]).toContain(before?.state)
            expect(['raised', 'suppressed', 'out-of-service'].includes(change) || before !== undefined).toBe(
              true,
            )
            expect(alarm.occurrences).toBeGreaterThanOrEqual(before?.occurrences ?? 1)
            expect(alarm.text.zh.length * alarm.text.en.length).toBeGreaterThan(0)
            expect(alarm.text.zh.length).toBeLessThanOrEqual(2000)
            lives.set(alarm.id, alarm)
          }
          const standing = [...lives.values()].filter(({ state }) => state !== 'normal').map(({ id }) => id)
          expect(new Set(place.alarms().map(({ id }) => id))).toEqual(new Set(standing))
          const rows = place.alarms().map((alarm) => `${alarm.device} ${alarm.kind} ${alarm.isDrill}`)
          expect(new Set(rows).size).toBe(rows.length)
        }),
        runs,
      ),
    ).toBe('')
  })

  test('the same inputs give the same transitions, and a restart at any point changes nothing', () => {
    expect(
      counterexample(
        fc.property(steps, fc.nat(60), (list, at) => {
          const plain = run(list)
          const restarted = run(list, (index) => index === at || index % 7 === 3, true)
          expect(restarted.transitions).toEqual(plain.transitions)
          expect(restarted.commands).toEqual(plain.commands)
          expect(restarted.logs).toEqual(plain.logs)
        }),
        runs,
      ),
    ).toBe('')
  })

  test('after all is cleared, answered and waited for, nothing stands and nothing is due', () => {
    expect(
      counterexample(
        fc.property(steps, (list) => {
          const place = run(list)
          for (const zone of ['yard', 'box']) place.judge({ type: 'maintenance', zone, forMs: 0, by })
          const calm = {
            contact: 'closed',
            motion: false,
            smoke: false,
            leak: false,
            tamper: false,
            mains: 'on',
          } as const
          const devices = ['hub', 'button', 'door', 'motion', 'shop-door', 'gate', 'gauge', 'stranger']
          for (let minute = 0; minute < 40; minute++) {
            const waterLevelMm = 100 + (minute % 2) * 3
            for (const id of devices)
              place.says(id, { ...calm, fire: false, batteryPercent: 90, waterLevelMm })
            for (const kind of ['mains-lost', 'link-lost', 'box-tamper', 'camera-offline'] as const)
              place.judge({ type: 'box', fact: { kind, isPresent: false } })
            for (const { id } of place.alarms()) place.judge({ type: 'stage', alarm: id, stage: 'closed' })
            place.wait(30)
          }
          expect(
            place.alarms().filter(({ device: id }) => id !== 'hub' && !id.startsWith('nowhere')),
          ).toEqual([])
        }),
        { numRuns: 60 },
      ),
    ).toBe('')
  })
})

/** An engine with a fault: it loses its decision about a call for help while the storm line is out. */
class ForgetfulVillage extends AlarmVillage {
  override judge(one: AlarmInput): Outcome {
    const outcome = super.judge(one)
    const isStorm = this.alarm('box-1', 'storm') !== undefined
    return isStorm ? { ...outcome, transitions: [], colour: undefined } : outcome
  }
}

test('twin: an engine that loses red in a storm is caught', () => {
  const property = fc.property(steps, (list) =>
    tellsRed(run(list, undefined, false, ForgetfulVillage), 'button', 'button'),
  )
  expect(fc.check(property, { numRuns: 500, seed: 7 }).failed).toBe(true)
})

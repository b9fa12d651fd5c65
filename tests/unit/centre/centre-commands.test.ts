// The box's handling of the centre's commands: its own policy, their time by a clock that may stand at 1970, repeats,
// restarts, and values that no correct centre sends.
import { Registry } from 'prom-client'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AlarmInput, LogEntry } from '../../../gateway/alarms/port.ts'
import type { CentreCommandDocument } from '../../../gateway/commands/centre-command-document.ts'
import { CentreCommands, rememberedMax, waitingMax } from '../../../gateway/commands/centre-commands.ts'
import { planCommand, type BoxKnowledge } from '../../../gateway/commands/plan-command.ts'
import { commandSettingsSchema } from '../../../gateway/config/command-settings.ts'
import type { CommandDocument, ExtraWrites } from '../../../gateway/intake/port.ts'
import type { Alarm } from '../../../protocols/domain/alarm.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { encodeJson } from '../../../protocols/uplink/codec.ts'
import {
  commandKinds,
  type CentreCommand,
  type CentreCommandResult,
} from '../../../protocols/uplink/command.ts'

const alarm = (id: string, part: Partial<Alarm>): Alarm => ({
  id,
  device: 'button-1',
  kind: 'sos',
  colour: 'red',
  latchedColour: 'red',
  state: 'unacknowledged',
  occurrences: 1,
  text: { zh: '求助', en: 'help' },
  ...part,
})
const knowledge: BoxKnowledge = {
  canUpdate: true,
  canSendSupport: true,
  zones: ['square', 'shop'],
  devices: [
    { id: 'siren-1', kind: 'siren', zone: 'square' },
    { id: 'siren-2', kind: 'siren', zone: 'shop' },
    { id: 'door-1', kind: 'contact', zone: 'shop' },
  ],
  cameras: [
    { id: 'cam-square', zones: ['square'], isPrivate: false },
    { id: 'cam-home', zones: ['shop'], isPrivate: true },
  ],
  alarms: [
    alarm('a-1', { zone: 'square' }),
    alarm('a-2', { zone: 'square', variant: 'duress' }),
    alarm('a-3', { zone: 'shop', colour: 'yellow', kind: 'leak' }),
  ],
}
const everything = commandSettingsSchema.parse({ allow: [...commandKinds] })
/** The centre's clock is right, the box's stands at 1970. */
const centreNowMs = 1_764_000_000_000

function command(part: Partial<CentreCommand> & { do: string }): CentreCommand {
  return { v: 1, id: 'k-1', by: 'wang.min', sentAtMs: centreNowMs, leftMs: 60_000, ...part }
}

interface Box {
  commands: CentreCommands
  inputs: AlarmInput[]
  given: CommandDocument[]
  sent: CentreCommandResult[]
  logs: LogEntry[]
  disk: Map<string, object>
  /** The engine's results for the next inputs. */
  remarks: LogEntry[]
  isDiskFull: boolean
  pictures: number
  takenBack: string[]
}

const clock = new VirtualClock()
let steadyMs = 0
let centreAge: ((centreMs: number) => number) | undefined

function openBox(disk = new Map<string, object>(), settings = everything, boot = 1): Box {
  const box: Omit<Box, 'commands'> = {
    inputs: [],
    given: [],
    sent: [],
    logs: [],
    disk,
    remarks: [],
    isDiskFull: false,
    pictures: 0,
    takenBack: [],
  }
  const commands = new CentreCommands({
    settings,
    knowledge: () => knowledge,
    judge: {
      judgeTogether: async (inputs, extraWrites: (remarks: readonly LogEntry[]) => ExtraWrites) => {
        await Promise.resolve()
        if (box.isDiskFull) throw new Error('disk full')
        const { state, logs, documents } = extraWrites(box.remarks)
        box.inputs.push(...inputs)
        box.logs.push(...logs)
        box.given.push(...documents)
        for (const [key, value] of state)
          if (value) disk.set(key, value)
          else disk.delete(key)
      },
    },
    now: () => ({ boot, sinceBootMs: steadyMs, atMs: steadyMs, clock: 'unsynced', steadyMs }),
    centreAgeMs: (centreMs) => centreAge?.(centreMs),
    send: (result) => box.sent.push(result) > 0,
    giveUp: async (device, id) => void box.takenBack.push(`${device} ${id}`),
    work: {
      pictures: async (_command, { cameras }) => {
        box.pictures++
        return { state: 'done', reached: cameras, snapshots: ['s-1'] }
      },
      config: async () => ({ state: 'received' }),
      update: async () => ({ state: 'done' }),
      support: async () => ({ state: 'done' }),
      console: async (_command, { minutes }) => ({ state: 'done', reached: [`${minutes} min`] }),
    },
    clock,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
  })
  return Object.assign(box, { commands })
}

const give = async (box: Box, wanted: CentreCommand | object): Promise<CentreCommandResult | undefined> => {
  box.commands.take(encodeJson(wanted))
  await settled()
  return box.sent.at(-1)
}
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve()
}

let box: Box
beforeEach(() => {
  steadyMs = 1000
  centreAge = (centreMs) => centreNowMs - centreMs
  box = openBox()
})

const speaking = [
  { id: 'horn-1', kind: 'loudspeaker' },
  { id: 'sign-1', kind: 'sign', zone: 'shop' },
]

describe('what a box lets its centre do', () => {
  const plan = (part: Partial<CentreCommand> & { do: string }, settings = everything) =>
    planCommand(command(part), settings, knowledge)
  const codeOf = (part: Partial<CentreCommand> & { do: string }, settings = everything) => {
    const planned = plan(part, settings)
    return planned.type === 'refused' ? planned.reason.code : planned.type
  }

  it('removes no protection and changes nothing unless its owner allows it', () => {
    const safe = commandSettingsSchema.parse({})
    const needed = {
      zone: 'shop',
      device: 'door-1',
      alarm: 'a-3',
      minutes: 5,
      seconds: 5,
      order: { do: 'x' },
      set: { limits: {} },
      version: '2.0.0',
    }
    const refused = commandKinds.filter((kind) => codeOf({ ...needed, do: kind }, safe) === 'not-allowed')
    expect(refused).toEqual(['disarm', 'bypass', 'shelve', 'device', 'config', 'update'])
  })

  it.each([
    ['an unknown kind', { do: 'levitate' }, 'unknown-kind'],
    ['a kind that is a key of every object', { do: 'constructor' }, 'unknown-kind'],
    ['a zone that is not there', { do: 'arm', zone: 'moon' }, 'no-zone'],
    ['a device that is not there', { do: 'burst', device: 'x', seconds: 5 }, 'no-device'],
    ['a bypass without its length', { do: 'bypass', device: 'door-1' }, 'incomplete'],
    ['a red alarm on the shelf', { do: 'shelve', alarm: 'a-1', minutes: 5 }, 'red-stays'],
    ['a siren for an alarm that is over', { do: 'siren', alarm: 'gone', seconds: 5 }, 'no-alarm'],
    ['a siren for a silent call for help', { do: 'siren', alarm: 'a-2', seconds: 5 }, 'silent-alarm'],
    ['a door as a siren', { do: 'siren', device: 'door-1', seconds: 5 }, 'no-siren'],
    ['a camera that is not there', { do: 'snapshot', camera: 'cam-x' }, 'no-camera'],
    [
      'a section of the configuration that leads out',
      { do: 'config', set: { uplink: {} } },
      'section-closed',
    ],
  ])('refuses %s with the reason', (_name, part, code) => {
    expect(codeOf(part)).toBe(code)
  })

  it('refuses a picture where no alarm stands, and always of a private place', () => {
    const quiet = { ...knowledge, alarms: [alarm('a-9', { zone: 'elsewhere' })] }
    const asked = command({ do: 'snapshot', camera: 'cam-square' })
    expect(planCommand(asked, everything, knowledge)).toMatchObject({
      type: 'pictures',
      alarm: { id: 'a-1' },
    })
    expect(planCommand(asked, everything, quiet)).toMatchObject({ reason: { code: 'no-alarm-there' } })
    const open = { ...everything, snapshots: 'always' as const }
    expect(planCommand(asked, open, quiet)).toMatchObject({ type: 'pictures', cameras: ['cam-square'] })
    const home = command({ do: 'snapshot', camera: 'cam-home' })
    expect(planCommand(home, open, quiet)).toMatchObject({ reason: { code: 'no-alarm-there' } })
    expect(planCommand(home, open, knowledge)).toMatchObject({ type: 'pictures' })
  })

  it('finds the sirens near an alarm, all where there are none, and cuts their run', () => {
    expect(plan({ do: 'siren', alarm: 'a-1', seconds: 600 })).toEqual({
      type: 'devices',
      orders: [{ device: 'siren-1', order: { do: 'siren', seconds: 180 } }],
    })
    expect(plan({ do: 'siren', seconds: 5 })).toMatchObject({
      orders: [{ device: 'siren-1' }, { device: 'siren-2' }],
    })
    // Stopping is always allowed.
    expect(plan({ do: 'siren', alarm: 'gone', seconds: 0 })).toMatchObject({
      orders: [{ order: { seconds: 0 } }, { order: { seconds: 0 } }],
    })
  })

  it('says a bulletin at every loudspeaker, shows it on every sign, and refuses it where there is neither', () => {
    const said = { ...knowledge, devices: [...knowledge.devices, ...speaking] }
    const planned = planCommand(command({ do: 'bulletin', text: '汛情' }), everything, said)
    expect(planned).toEqual({
      type: 'devices',
      orders: [
        { device: 'horn-1', order: { do: 'speak', text: '汛情', seconds: 600 } },
        { device: 'sign-1', order: { do: 'sign', text: '汛情', seconds: 600 } },
      ],
    })
    const one = command({ do: 'bulletin', text: '汛情', device: 'sign-1', seconds: 60 })
    expect(planCommand(one, everything, said)).toMatchObject({
      orders: [{ device: 'sign-1', order: { seconds: 60 } }],
    })
    expect(codeOf({ do: 'bulletin', text: '汛情' })).toBe('no-loudspeaker')
    expect(codeOf({ do: 'bulletin' })).toBe('incomplete')
  })

  it('spreads a burst over its time, within what devices do', () => {
    for (const seconds of [1, 5, 60, 600]) {
      const planned = plan({ do: 'burst', device: 'door-1', seconds })
      const order = planned.type === 'devices' ? planned.orders[0]?.order : {}
      const { samples, intervalMs } = order as { samples: number; intervalMs: number }
      expect(samples).toBeGreaterThanOrEqual(1)
      expect(samples).toBeLessThanOrEqual(20)
      expect(intervalMs).toBeGreaterThanOrEqual(1000)
      expect(samples * intervalMs).toBeLessThanOrEqual(seconds * 1000)
    }
  })
})

describe('once', () => {
  it('carries out the first copy, and answers every other the same way', async () => {
    const first = await give(box, command({ do: 'arm', zone: 'shop' }))
    expect(first).toMatchObject({ state: 'done', reached: ['shop'], clock: 'unsynced' })
    steadyMs += 500
    expect(await give(box, command({ do: 'arm', zone: 'shop', leftMs: 0 }))).toEqual(first)
    box.commands.take(encodeJson(command({ do: 'disarm', id: 'k-2' })))
    box.commands.take(encodeJson(command({ do: 'disarm', id: 'k-2' })))
    await settled()
    expect(box.inputs.map((input) => (input.type === 'arm' ? [input.zone, input.isArmed] : input))).toEqual([
      ['shop', true],
      ['square', false],
      ['shop', false],
    ])
  })

  it('answers the same after a restart', async () => {
    const first = await give(box, command({ do: 'arm', zone: 'shop' }))
    const again = openBox(box.disk)
    await again.commands.restore([...box.disk.values()] as CentreCommandDocument[])
    expect(await give(again, command({ do: 'arm', zone: 'shop' }))).toEqual(first)
    expect(again.inputs).toEqual([])
  })

  it('does nothing and answers nothing when the journal does not take it; the next copy is the first', async () => {
    box.isDiskFull = true
    expect(await give(box, command({ do: 'arm' }))).toBeUndefined()
    box.isDiskFull = false
    expect(await give(box, command({ do: 'arm' }))).toMatchObject({ state: 'done' })
    expect(box.inputs).toHaveLength(2)
  })

  it('says so when the engine refuses', async () => {
    box.remarks = [{ what: 'arm-refused', facts: { why: 'no such zone' } }]
    const result = await give(box, command({ do: 'arm', zone: 'shop' }))
    expect(result).toMatchObject({ state: 'refused', reason: { code: 'engine-refused' } })
    expect(result?.reason?.en).toContain('no such zone')
  })

  it('records who asked for what in the journal, also for refusals', async () => {
    await give(box, command({ do: 'levitate', why: 'fun' }))
    expect(box.logs[0]).toMatchObject({
      what: 'centre-command',
      facts: { by: 'wang.min', do: 'levitate', why: 'fun', state: 'refused', reason: 'unknown-kind' },
    })
  })

  it('forgets the oldest finished ones, and none that is under way', async () => {
    await give(box, command({ id: 'k-under-way', do: 'siren', seconds: 5 }))
    for (let i = 0; i < rememberedMax + 20; i++) await give(box, command({ id: `k-${i}`, do: 'arm' }))
    expect(box.disk.size).toBe(rememberedMax)
    expect(box.disk.has('centre:k-under-way')).toBe(true)
    expect(box.disk.has('centre:k-0')).toBe(false)
  })
})

describe('in time', () => {
  it('takes off how old the copy is by the clock of the centre, while its own stands at 1970', async () => {
    const late = { do: 'siren', seconds: 5, sentAtMs: centreNowMs - 61_000 }
    expect(await give(box, command(late))).toMatchObject({ state: 'expired', reason: { code: 'expired' } })
    const early = { ...late, id: 'k-2', sentAtMs: centreNowMs - 59_000 }
    expect(await give(box, command(early))).toMatchObject({ state: 'received' })
    expect(box.given.map((document) => document.untilSteadyMs)).toEqual([2000, 2000])
  })

  it('counts from the arrival while the centre has not sent its time', async () => {
    centreAge = undefined
    expect(await give(box, command({ do: 'arm', sentAtMs: 0 }))).toMatchObject({ state: 'done' })
  })

  it('never carries out later what was over when it came, whatever a later copy says', async () => {
    await give(box, command({ do: 'arm', leftMs: 0 }))
    expect(await give(box, command({ do: 'arm', leftMs: 60_000 }))).toMatchObject({ state: 'expired' })
    expect(box.inputs).toEqual([])
  })

  it('ends what a device did not answer in time, names it, and takes it back', async () => {
    expect(await give(box, command({ do: 'siren', seconds: 5 }))).toMatchObject({
      state: 'received',
      missed: ['siren-1', 'siren-2'],
    })
    box.commands.deviceAnswered('siren-2', { id: 'k-1', ok: true, handedOver: true })
    await settled()
    expect(box.sent.at(-1)).toMatchObject({ reached: ['siren-2'], reason: { code: 'handed-over' } })
    steadyMs += 60_000
    clock.advance(1000)
    await settled()
    expect(box.sent.at(-1)).toMatchObject({ state: 'done', reached: ['siren-2'], missed: ['siren-1'] })
    expect(box.sent.at(-1)?.reason?.code).toBe('no-answer')
    expect(box.takenBack).toEqual(['siren-1 k-1'])
  })
})

describe('after a restart', () => {
  const reopened = async (boot: number): Promise<Box> => {
    const again = openBox(box.disk, everything, boot)
    await again.commands.restore([...box.disk.values()] as CentreCommandDocument[])
    return again
  }

  it('waits on for a device in the same boot, and gives up after a power cut of unknown length', async () => {
    await give(box, command({ do: 'siren', device: 'siren-1', seconds: 5 }))
    const restarted = await reopened(1)
    restarted.commands.deviceAnswered('siren-1', { id: 'k-1', ok: true })
    await settled()
    expect(restarted.sent.at(-1)).toMatchObject({ state: 'done', reached: ['siren-1'] })
    await give(box, command({ id: 'k-2', do: 'siren', device: 'siren-1', seconds: 5 }))
    const rebooted = await reopened(2)
    expect(rebooted.sent.at(-1)).toMatchObject({ id: 'k-2', state: 'failed', reason: { code: 'power-lost' } })
    expect(rebooted.takenBack).toEqual(['siren-1 k-2'])
  })

  it('takes no picture twice: whether it was taken is said to be unknown', async () => {
    await give(box, command({ do: 'snapshot', alarm: 'a-1' }))
    expect(box.sent.at(-1)).toMatchObject({ state: 'done', snapshots: ['s-1'] })
    const document = box.disk.get('centre:k-1') as CentreCommandDocument
    box.disk.set('centre:k-1', { ...document, state: 'received', waiting: ['cam-square'] })
    const again = await reopened(1)
    expect(again.sent.at(-1)).toMatchObject({ state: 'failed', reason: { code: 'interrupted' } })
    await give(again, command({ do: 'snapshot', alarm: 'a-1' }))
    expect(again.pictures).toBe(0)
  })
})

describe('hostile values', () => {
  const values = [null, 7, -1, 1e308, '', 'x'.repeat(20_000), [], {}, true, '__proto__', { __proto__: null }]
  const keys = Object.keys(command({ do: 'arm' }))

  it('are refused or ignored, never carried out, and the next command is', async () => {
    for (const key of [...keys, 'zone', 'device', 'seconds', 'minutes', 'order', 'set', 'version'])
      for (const value of values) {
        const sane = command({ do: 'device', id: `k-${key}`, device: 'door-1', order: { do: 'x' } })
        if (key === 'by' && value === '__proto__') continue
        await give(box, { ...sane, [key]: value })
      }
    box.commands.take(Buffer.from('{"v":1,"id":"k-x","__proto__":{"do":"arm"}'))
    box.commands.take(Buffer.from([0xff, 0xfe]))
    box.commands.take(Buffer.from('['.repeat(10_000)))
    await settled()
    // Numbers and objects that are valid in their place.
    const carriedOut = new Set(box.given.map(({ command: given }) => given.id))
    expect([...carriedOut].sort()).toEqual(['k-leftMs', 'k-minutes', 'k-seconds', 'k-set'])
    expect(Object.hasOwn(Object.prototype, 'do')).toBe(false)
    const states = new Set(box.sent.map(({ state }) => state))
    expect(states).toContain('refused')
    expect(await give(box, command({ id: 'k-good', do: 'arm' }))).toMatchObject({ state: 'done' })
  })

  it('do not pile up: what comes beyond the bound is dropped and can come again', async () => {
    for (let i = 0; i < waitingMax + 10; i++)
      box.commands.take(encodeJson(command({ id: `k-${i}`, do: 'arm' })))
    for (let turn = 0; turn < 40; turn++) await settled()
    expect(box.disk.size).toBe(waitingMax)
    expect(await give(box, command({ id: `k-${waitingMax + 5}`, do: 'arm' }))).toMatchObject({
      state: 'done',
    })
  })
})

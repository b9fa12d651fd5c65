// Do the parts that the centre and a box share keep their promises by themselves: rules, one turn, the watch, the test of an outlet, the
// command, and the checks of settings?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { pino } from 'pino'
import { afterEach, expect, it, vi } from 'vitest'
import { testMessage } from '../../../../platform/outlets/message.ts'
import { addOutletCommands } from '../../../../platform/outlets/outlet-commands.ts'
import type { Outlet, OutletAnswer } from '../../../../platform/outlets/port.ts'
import { OutletTurn } from '../../../../platform/outlets/queue/outlet-turn.ts'
import { OutletWatch } from '../../../../platform/outlets/queue/outlet-watch.ts'
import type { DeliveryMove, StoredDelivery } from '../../../../platform/outlets/queue/queue-port.ts'
import { stepOfRules, type RuleFacts } from '../../../../platform/outlets/rules.ts'
import { checkTogether } from '../../../../platform/outlets/settings/outlet-checks.ts'
import { checkOutletFiles, withPaths } from '../../../../platform/outlets/settings/outlet-files.ts'
import { webhookSchema } from '../../../../platform/outlets/settings/webhook-settings.ts'
import { testOutlet } from '../../../../platform/outlets/test-outlet.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const logger = pino({ level: 'silent' })
const soon = { timeout: 10_000, interval: 10 }
const message = testMessage('g-1', 0, 'test')
const settingsOf = (more: object = {}) =>
  webhookSchema.parse({ name: 'police', type: 'webhook', url: 'https://a.example/', rules: [{}], ...more })
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const outletThat = (send: Outlet['send']): Outlet => ({ preview: () => 'bytes', send })

it('decides by a rule what a receiver gets, with an unknown time of day every time', () => {
  const facts: RuleFacts = {
    step: 'again',
    isOpening: true,
    isOver: false,
    isDrill: false,
    village: 'upper-brook',
    colour: 'red',
    kinds: ['sos'],
  }
  const night = settingsOf({ rules: [{ from: '20:00', until: '06:00' }] })
  expect(stepOfRules(night, facts, [], 12 * 60)).toBeUndefined()
  expect(stepOfRules(night, facts, [], 22 * 60)).toBe('raised')
  expect(stepOfRules(night, facts, [], undefined)).toBe('raised')
  expect(stepOfRules(settingsOf(), { ...facts, isDrill: true }, [], 0)).toBeUndefined()
  expect(stepOfRules(settingsOf(), { ...facts, kinds: ['outlet-failed'] }, [], 0)).toBeUndefined()
  const over: RuleFacts = { ...facts, step: 'over', isOpening: false, isOver: true }
  expect(stepOfRules(settingsOf(), over, [], 0)).toBeUndefined()
  expect(stepOfRules(settingsOf(), over, [{ outlet: 'police', step: 'raised' }], 0)).toBe('over')
})

const rowOf = (more: Partial<StoredDelivery> = {}): StoredDelivery => ({
  id: 'g-1',
  outlet: 'police',
  case: 'case-1',
  step: 'raised',
  isUrgent: true,
  colourRank: 0,
  madeAtMs: clock.wallMs(),
  dueAtMs: 0,
  endsAtMs: clock.wallMs() + 60_000,
  body: JSON.stringify(message),
  number: 1,
  state: 'waiting',
  words: '',
  attempts: 0,
  changedAtMs: 0,
  ...more,
})

/** One row, and what the turn makes of it. */
async function movesOf(row: StoredDelivery, outlet: Outlet): Promise<DeliveryMove[]> {
  const moves: DeliveryMove[] = []
  const turn = new OutletTurn<never>({
    settings: settingsOf({ timeoutSeconds: 1 }),
    outlet,
    isUrgent: true,
    storage: {
      dueDeliveries: () => Promise.resolve(moves.length === 0 ? [row] : []),
      nextDelivery: () => Promise.resolve(undefined),
      moveDeliveries: (move) => {
        moves.push(move)
        return Promise.resolve([])
      },
    },
    clock,
    random,
    logger,
    onChanges: () => undefined,
    onAttempt: () => undefined,
  })
  open.push(() => turn.stop())
  turn.look()
  await vi.waitFor(() => expect(moves).toHaveLength(1), soon)
  return moves
}

it('tries once and stores what became of it: handed over, tried again, or given up', async () => {
  const good = outletThat(() => Promise.resolve({ state: 'handed-over', words: 'OK \u001b[2J' }))
  expect(await movesOf(rowOf(), good)).toMatchObject([{ state: 'handed-over', words: 'OK [2J' }])
  const busy = outletThat(() => Promise.reject(new Error('connect ECONNREFUSED')))
  const [again] = await movesOf(rowOf(), busy)
  expect(again).toMatchObject({ state: 'waiting', words: 'connect ECONNREFUSED' })
  expect(again?.dueAtMs).toBeGreaterThan(clock.wallMs())
  expect(await movesOf(rowOf({ endsAtMs: 1 }), busy)).toMatchObject([{ state: 'failed' }])
  expect(await movesOf(rowOf({ body: '{' }), good)).toMatchObject([{ state: 'failed' }])
  const hanging = outletThat(() => new Promise(() => undefined))
  expect(await movesOf(rowOf(), hanging)).toMatchObject([{ state: 'waiting', words: 'no answer within 1 s' }])
})

it('stores the answer that comes while it stops, and waits for no answer for long', async () => {
  const moves: DeliveryMove[] = []
  let answer: (answer: OutletAnswer) => void = () => undefined
  const turnOf = (send: Outlet['send']): OutletTurn<never> =>
    new OutletTurn<never>({
      settings: settingsOf({ timeoutSeconds: 60 }),
      outlet: outletThat(send),
      isUrgent: true,
      storage: {
        dueDeliveries: () => Promise.resolve([rowOf()]),
        nextDelivery: () => Promise.resolve(undefined),
        moveDeliveries: (move) => {
          moves.push(move)
          return Promise.resolve([])
        },
      },
      clock,
      random,
      logger,
      onChanges: () => undefined,
      onAttempt: () => undefined,
    })
  const sent = new Promise<void>((isSent) => {
    const turn = turnOf(() => {
      isSent()
      return new Promise((resolve) => (answer = resolve))
    })
    open.push(() => turn.stop())
    turn.look()
  })
  await sent
  const stopped = open.pop()?.()
  answer({ state: 'handed-over', words: 'OK' })
  await stopped
  expect(moves).toMatchObject([{ state: 'handed-over' }])
  const hanging = turnOf(() => new Promise(() => undefined))
  hanging.look()
  await hanging.stop()
  expect(moves).toHaveLength(1)
})

it('watches the queue: late, full, unconfirmed, and well again', async () => {
  const troubles = new Map<string, string>()
  const nowMs = clock.wallMs()
  let state = {
    outlet: 'police',
    waiting: 3,
    urgentSinceMs: nowMs - 70_000,
    unconfirmedSinceMs: nowMs - 90_000,
  }
  const watch = new OutletWatch({
    settings: [settingsOf({ confirmWithinMinutes: 1 })],
    waitingMax: 10,
    storage: { outletStates: () => Promise.resolve([state]) },
    clock,
    logger,
    troubles: {
      set: (kind, _name, words) => (words === undefined ? troubles.delete(kind) : troubles.set(kind, words)),
      standing: () => [],
    },
    onWaiting: () => undefined,
  })
  watch.look()
  await vi.waitFor(() => expect([...troubles.keys()]).toEqual(['outlet-failed', 'outlet-silent']), soon)
  state = { outlet: 'police', waiting: 10, urgentSinceMs: nowMs, unconfirmedSinceMs: nowMs }
  watch.look()
  await vi.waitFor(() => expect([...troubles.values()].join()).toMatch(/^等待的消息已满/), soon)
  state = { ...state, waiting: 0 }
  watch.look()
  await vi.waitFor(() => expect(troubles.size).toBe(0), soon)
})

it('tests an outlet with the bytes either way, and with a dry run sends nothing', async () => {
  let sent = 0
  const outlet = outletThat(() => {
    sent++
    return Promise.resolve({ state: 'refused', words: 'no' })
  })
  const never = new AbortController().signal
  const opened = { settings: settingsOf(), outlet }
  expect(await testOutlet(opened, message, true, clock, never)).toEqual({ bytes: 'bytes' })
  expect(sent).toBe(0)
  expect(await testOutlet(opened, message, false, clock, never)).toEqual({
    bytes: 'bytes',
    state: 'failed',
    words: 'no',
  })
})

it('names the outlets when the command asks for another one', async () => {
  const failed: string[] = []
  const program = new Command('x').exitOverride()
  const outlet = outletThat(() => Promise.resolve({ state: 'handed-over', words: '' }))
  addOutletCommands(program, {
    load: () => [{ settings: settingsOf(), create: () => outlet }],
    fail: (words) => failed.push(words),
  })
  await program.parseAsync(['outlet', 'test', 'fire', '--config', 'a.yaml'], { from: 'user' })
  expect(failed).toEqual(['没有此出口 / there is no such outlet: fire (police)'])
})

it('finds names and folders that are used twice, hours by half, and files that are not there', () => {
  const half = settingsOf({ rules: [{ from: '08:00' }] })
  expect(checkTogether([settingsOf(), half]).map(({ path }) => path)).toEqual([
    'outlets.1.name',
    'outlets.1.rules.0',
  ])
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-outlet-files-'))
  open.push(() => rmSync(folder, { recursive: true }))
  const [resolved] = withPaths([{ keyFile: 'a.key', inner: { outFolder: 'b' } }], (path) =>
    join(folder, path),
  )
  expect(resolved).toEqual({ keyFile: join(folder, 'a.key'), inner: { outFolder: join(folder, 'b') } })
  expect(checkOutletFiles([resolved ?? {}]).map(({ path }) => path)).toEqual([
    'outlets.0.keyFile',
    'outlets.0.inner.outFolder',
  ])
  expect(checkOutletFiles([{ sentFolder: folder }])).toEqual([])
})

// A configuration that the centre changed: on trial until the centre is reached with it, and reverted automatically
// when it is not, when the program crashes with it, or when it does not fit the file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type {
  CentreCommandDocument,
  CommandOutcome,
} from '../../../../gateway/commands/centre-command-document.ts'
import type { CentreCommands } from '../../../../gateway/commands/centre-commands.ts'
import { ConfigTrial } from '../../../../gateway/commands/config-trial.ts'
import {
  CentreChanges,
  trialStartsMax,
  type OpenedConfig,
} from '../../../../gateway/config/centre-changes.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

let folder: string
let file: string
const kept = (): string => join(folder, 'data', 'centre-config.json')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-trial-'))
  file = join(folder, 'gateway.yaml')
  write('limits: { batteryLowPercent: 20 }')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(more: string): void {
  writeFileSync(
    file,
    `box: { id: upper-brook }
dataDir: data
mqtt: { listeners: [{ host: 127.0.0.1, port: 0 }] }
zones: [{ id: square }]
${more}
`,
  )
}

function open(): OpenedConfig {
  const opened = CentreChanges.open(file)
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems))
  return opened.value
}

interface Run extends OpenedConfig {
  trial: ConfigTrial
  clock: VirtualClock
  restarts: string[]
  endings: [id: string, ending: CommandOutcome][]
  commands: CentreCommands
}

/** One run of the program, with `underWay` in its journal. */
function start(underWay: string[] = []): Run {
  const opened = open()
  const clock = new VirtualClock()
  const [restarts, endings]: [string[], Run['endings']] = [[], []]
  const trial = new ConfigTrial({
    centreConfig: opened.centre,
    trialSeconds: 60,
    clock,
    logger: pino({ level: 'silent' }),
    restart: (why) => restarts.push(why),
  })
  const commands = {
    underWay: () => underWay.map((id) => ({ id, do: 'config' }) as CentreCommandDocument),
    finish: async (id: string, ending: CommandOutcome) => void endings.push([id, ending]),
  } as unknown as CentreCommands
  return { ...opened, trial, clock, restarts, endings, commands }
}

const low = { limits: { batteryLowPercent: 15 } }
const lowOf = ({ config }: OpenedConfig): number => config.limits.batteryLowPercent

it('keeps a change once a Receipt came with it, and over the next starts', async () => {
  const first = start()
  expect(first.trial.propose('k-1', low).state).toBe('received')
  first.clock.advance(1000)
  expect(first.restarts).toHaveLength(1)
  const second = start(['k-1'])
  expect(lowOf(second)).toBe(15)
  await second.trial.resume(second.commands)
  expect(second.endings).toEqual([])
  await second.trial.reached(second.commands)
  expect(second.endings).toEqual([['k-1', { state: 'done' }]])
  second.clock.advance(3_600_000)
  expect(second.restarts).toEqual([])
  expect(lowOf(open())).toBe(15)
})

it('takes the change back when no Receipt came in time, and says so after the restart', async () => {
  start().trial.propose('k-1', low)
  const second = start(['k-1'])
  await second.trial.resume(second.commands)
  second.clock.advance(59_000)
  expect(second.restarts).toEqual([])
  second.clock.advance(2000)
  expect(second.restarts).toHaveLength(1)
  const third = start(['k-1'])
  expect(lowOf(third)).toBe(20)
  await third.trial.resume(third.commands)
  expect(third.endings).toMatchObject([['k-1', { state: 'failed', reason: { code: 'config-taken-back' } }]])
})

it('takes back what the program dies of, after a few starts', () => {
  start().trial.propose('k-1', low)
  for (let starts = 0; starts < trialStartsMax; starts++) expect(lowOf(open())).toBe(15)
  expect(lowOf(open())).toBe(20)
  expect(open().centre.takenBack).toBe('k-1')
})

it('goes back to what was kept before, not to the bare file', async () => {
  start().trial.propose('k-1', low)
  const second = start()
  await second.trial.reached(second.commands)
  second.trial.propose('k-2', { zones: [{ id: 'square' }, { id: 'shop' }] })
  const third = start()
  expect([lowOf(third), third.config.zones.length]).toEqual([15, 2])
  third.centre.takeBack()
  const fourth = open()
  expect([lowOf(fourth), fourth.config.zones.length]).toEqual([15, 1])
})

it('refuses what the file itself would not be allowed, and a second change while one is on trial', () => {
  const first = start()
  const wrong = first.trial.propose('k-1', { limits: { batteryLowPercent: 'low' } })
  expect(wrong).toMatchObject({ state: 'refused', reason: { code: 'config-wrong' } })
  expect(wrong.reason?.en).toContain('limits.batteryLowPercent')
  const lost = first.trial.propose('k-2', { devices: [{ id: 'd-1', zone: 'moon' }] })
  expect(lost.reason?.en).toContain('there is no "moon"')
  expect(first.trial.propose('k-3', low).state).toBe('received')
  expect(first.trial.propose('k-4', low).reason?.code).toBe('config-busy')
})

it('lets the file alone count when what was kept does not fit it any more, and says why', () => {
  start().trial.propose('k-1', { devices: [{ id: 'door-1', zone: 'square' }] })
  open().centre.keep()
  expect(open().config.devices).toHaveLength(1)
  writeFileSync(file, readFileSync(file, 'utf8').replace('square', 'market'))
  const { config, ignored } = open()
  expect(config.devices).toEqual([])
  expect(ignored?.[0]?.message).toContain('square')
})

it('is not led out of its sections by a file that somebody wrote', () => {
  start().trial.propose('k-1', low)
  open().centre.keep()
  writeFileSync(kept(), JSON.stringify({ command: 'k-1', set: { ...low, box: { id: 'other-box' } } }))
  const { config } = open()
  expect([config.box.id, config.limits.batteryLowPercent]).toEqual(['upper-brook', 15])
  writeFileSync(kept(), '{ torn')
  expect(lowOf(open())).toBe(20)
})

// Is each box of a wave asked at most once, also over a power cut between the note and the command, and is a release that stopped counted?
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookMs, releaseRollout, RolloutClock } from '../../../../centre/updates/rollout-clock.ts'
import { RolloutFiles } from '../../../../centre/updates/rollout-files.ts'
import type { DeskCommand } from '../../../../protocols/desk/commands.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

const boxes = ['box-a', 'box-b', 'box-c'].map((id) => ({ id, presence: 'present' as const }))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-rollout-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open(town: { commands: DeskCommand[]; takes: number } = { commands: [], takes: 99 }) {
  const files = RolloutFiles.ofReleases(folder)
  const clock = new VirtualClock()
  const registry = new Registry()
  const rollout = new RolloutClock({
    kind: releaseRollout,
    files,
    boxes: () => boxes,
    commandsOf: (box) => Promise.resolve(town.commands.filter((one) => one.box === box)),
    ask: (command) => {
      if (town.commands.length >= town.takes) return Promise.resolve(false)
      town.commands.push(command)
      return Promise.resolve(true)
    },
    clock,
    random: createSeededRandom(7),
    logger: pino({ level: 'silent' }),
    registry,
  })
  const begin = (): void => {
    files.plan = {
      version: '1.1.0',
      waves: [{ percent: 100 }],
      termHours: 24,
      restHours: 0,
      by: 'li',
      startedAtMs: clock.wallMs(),
      isPaused: false,
    }
  }
  return { files, clock, registry, rollout, town, begin }
}

test('asks no box without a plan, and each box of a wave once, whatever the number of looks', async () => {
  const { rollout, town, begin, files } = open()
  await rollout.look()
  expect(town.commands).toEqual([])
  begin()
  for (let look = 0; look < 3; look++) await rollout.look()
  expect(new Set(town.commands.map(({ box }) => box))).toEqual(new Set(['box-a', 'box-b', 'box-c']))
  expect(town.commands).toHaveLength(3)
  expect(town.commands[0]).toMatchObject({ do: 'update', by: 'li', version: '1.1.0', state: 'waiting' })
  expect(Object.values(files.progress?.boxes ?? {}).map(({ state }) => state)).toEqual([
    'asked',
    'asked',
    'asked',
  ])
})

test('asks the others later when too many commands are in progress', async () => {
  const { rollout, town, begin } = open({ commands: [], takes: 1 })
  begin()
  await rollout.look()
  expect(town.commands).toHaveLength(1)
  town.takes = 99
  await rollout.look()
  expect(town.commands).toHaveLength(3)
  expect(new Set(town.commands.map(({ box }) => box))).toEqual(new Set(['box-a', 'box-b', 'box-c']))
})

test('continues after a restart where it was, and asks none again', async () => {
  const first = open()
  first.begin()
  await first.rollout.look()
  const second = open(first.town)
  await second.rollout.look()
  expect(first.town.commands).toHaveLength(3)
})

test('a box that went back stops the release, and the metric says so', async () => {
  const { rollout, town, begin, registry, files } = open()
  begin()
  await rollout.look()
  const [first] = town.commands
  if (first) {
    const reason = { code: 'went-back', zh: '回退', en: 'went back' }
    town.commands[0] = { ...first, state: 'failed', reason } as unknown as DeskCommand
  }
  await rollout.look()
  expect(files.progress?.state).toBe('stopped')
  expect(await registry.getSingleMetricAsString('gengfu_centre_update_stopped')).toContain(' 1')
  expect(await registry.getSingleMetricAsString('gengfu_centre_update_boxes')).toMatch(/state="asked"} 2/)
})

test('looks by itself until it is stopped, and an unreadable plan ends nothing', async () => {
  const { rollout, town, begin, clock } = open()
  rollout.start()
  begin()
  clock.advance(lookMs)
  await expect.poll(() => town.commands.length).toBe(3)
  rollout.stop()
  clock.advance(10 * lookMs)
})

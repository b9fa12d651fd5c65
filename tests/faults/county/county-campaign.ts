// `npm run campaign -- county`: several centres over PostgreSQL with a synchronous standby, with every fault that a county can have, under
// load. Behind each fault everything must be at the centres once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { judge } from './county-judge.ts'
import {
  centreFrozen,
  centreKilled,
  dutyHoldersKilled,
  networkDivided,
  standbyKilled,
  waitCancelled,
} from './county-steps.ts'
import { CountyTown } from './county-town.ts'
import { pause } from '../../bench/options.ts'

/** Load before each fault. */
const calmMs = 2000

export interface CountyCampaignOptions {
  seed: number
  centres: number
  boxes: number
  failovers: number
  /** Of each fault that lasts. */
  faultMs: number
  /** Only these; all without it. */
  only?: readonly string[]
  say: (text: string) => void
}

type Step = [name: string, run: (town: CountyTown) => Promise<string[]>]

function stepsOf({ failovers, faultMs, only }: CountyCampaignOptions): Step[] {
  const failOver: Step = ['failover', (town) => town.failOver().then(() => [])]
  const steps: Step[] = [
    ...Array.from({ length: failovers }, () => failOver),
    ['standby-killed', (town) => standbyKilled(town, faultMs / 3)],
    ['wait-cancelled', (town) => waitCancelled(town, faultMs / 3)],
    ['centre-frozen', (town) => centreFrozen(town, faultMs)],
    ['centre-killed', centreKilled],
    ['network-divided', (town) => networkDivided(town, faultMs / 2)],
    ['duty-holders-killed', (town) => dutyHoldersKilled(town, faultMs)],
  ]
  return only ? steps.filter(([name]) => only.includes(name)) : steps
}

/** Every broken promise in words; none is success. */
export async function runCountyCampaign(options: CountyCampaignOptions): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-county-'))
  const town = new CountyTown({ ...options, folder })
  const broken: string[] = []
  try {
    await town.start()
    for (const [name, run] of stepsOf(options)) {
      town.goOn()
      await pause(calmMs)
      const found = await run(town)
      const { backMs, violations } = await judge(town)
      broken.push(...[...found, ...violations].map((words) => `${name}: ${words}`))
      const records = town.boxes.reduce((sum, { lanes }) => sum + lanes.routine.receipted, 0)
      const moves = town.boxes.reduce((sum, box) => sum + box.moves, 0)
      options.say(
        `  ${name}: the last box is back after ${(backMs / 1000).toFixed(1)} s; ${records} records, ${town.pressed.length} reds, ${moves} moves, ${broken.length} broken`,
      )
    }
    for (const { program } of town.centres)
      if (!program.isRunning) broken.push(`a centre has ended: ${program.tail()}`)
  } finally {
    await town.end()
    rmSync(folder, { recursive: true, force: true })
  }
  return broken
}

export function addCounty(program: Command, say: (text: string) => void): void {
  program
    .command('county')
    .description(
      'several centres over PostgreSQL: failovers, a lost standby, frozen, killed and cut-off centres, under load',
    )
    .option('--failovers <n>', 'primary killed and standby promoted', '10')
    .option('--minutes <n>', 'of all faults that last together', '4')
    .option('--centres <n>', 'processes', '4')
    .option('--boxes <n>', 'simulated', '60')
    .option('--only <names>', 'of the faults, with commas between')
    .option('--seed <n>', 'of the run', String(Math.floor(Math.random() * 1e6)))
    .action(async (options: Record<string, string>) => {
      say(`seed ${options['seed']}`)
      const numbers = Object.fromEntries(
        ['seed', 'centres', 'boxes', 'failovers'].map((name) => [name, Number(options[name])]),
      ) as Pick<CountyCampaignOptions, 'seed' | 'centres' | 'boxes' | 'failovers'>
      const only = options['only']?.split(',')
      const faultMs = (Number(options['minutes']) * 60_000) / 4
      const broken = await runCountyCampaign({ ...numbers, faultMs, say, ...(only ? { only } : {}) })
      for (const words of broken.slice(0, 40)) say(`a promise is broken: ${words}`)
      if (broken.length > 0) process.exitCode = 1
      else say('everything that has a Receipt is stored once, and every red was on every desk once')
    })
}

// The receivers outside, for a village without a town: their queue follows the journal, and their failures are faults of the box.
import type { OutletParts, SharedOutletSettings } from '../../platform/outlets/create-outlet.ts'
import type { AnswerKey, Outlet } from '../../platform/outlets/port.ts'
import { createOutletFigures } from '../../platform/outlets/queue/outlet-figures.ts'
import type { Stage } from '../../protocols/domain/alarm.ts'
import type { StageReceipts } from '../commands/stage-receipts.ts'
import type { BoxFacts } from '../health/box-facts.ts'
import type { AlarmJudge } from '../intake/port.ts'
import { BoxOutlets } from '../outlets/box-outlets.ts'
import type { Base } from './base.ts'
import type { OpenedJournal } from './open-journal.ts'

/** What a person's key does to the alarm; its sender's lamp shows it. Passing on changes nothing here: the message goes to all. */
const stageOfKey: Record<AnswerKey, Stage | undefined> = {
  accept: 'accepted',
  done: 'closed',
  'pass-on': undefined,
}

export interface OpenOutletsOptions extends Pick<OpenedJournal, 'journal' | 'boxClock'> {
  intake: Pick<AlarmJudge, 'judge'>
  facts: BoxFacts
  stages: Pick<StageReceipts, 'reached'>
}

export async function openOutlets(base: Base, options: OpenOutletsOptions): Promise<BoxOutlets> {
  const { config, clock, random, metrics, parts } = base
  const { journal, boxClock, intake, facts, stages } = options
  const logger = base.logger.child({ part: 'outlets' })
  const { timeZone, utcOffsetMin } = config.limits
  const onFailed = (error: unknown): void =>
    logger.error({ err: error }, 'answers to an outlet could not be read')
  // Time-outs and retries by a clock that never steps; receivers are told the wall time.
  const steadyClock = {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => boxClock.now().steadyMs,
    after: (delayMs: number, run: () => void) => clock.after(delayMs, run),
  }
  facts.set('outlet-failed', false)
  facts.set('outlet-silent', false)
  const create = { clock, random, timeZone, utcOffsetMin, onFailed }
  const outlets = new BoxOutlets({
    outlets: await createOutlets(config.outlets, create),
    box: config.box,
    timeZone,
    journal,
    clock: steadyClock,
    random,
    logger,
    figures: createOutletFigures(metrics, 'gateway'),
    onTrouble: (kind, words) =>
      facts.set(kind, words !== undefined, words === undefined ? {} : { outlets: words }),
    takeAnswer: async (alarm, key, by) => {
      const stage = stageOfKey[key]
      if (stage === undefined) return
      await intake.judge({ type: 'stage', alarm, stage, by })
      stages.reached(alarm, stage)
    },
  })
  parts.add('outlets', () => outlets.stop())
  await outlets.start()
  return outlets
}

/** Their code is loaded on first use: most boxes have no outlets, and each megabyte counts. */
async function createOutlets(
  settings: Base['config']['outlets'],
  options: OutletParts,
): Promise<{ settings: SharedOutletSettings; outlet: Outlet }[]> {
  if (settings.length === 0) return []
  const { createSharedOutlet } = await import('../../platform/outlets/create-outlet.ts')
  return settings.map((one) => ({ settings: one, outlet: createSharedOutlet(one, options) }))
}

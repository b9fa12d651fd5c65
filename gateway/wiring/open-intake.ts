// Wires the path of all inputs to the journal; and, once the time is known, the repair of earlier times.
import { takeForgetRequests } from '../intake/forget-request.ts'
import type { IntakeOptions } from '../intake/intake-options.ts'
import { Intake } from '../intake/intake.ts'
import { reportTo, type Base } from './base.ts'
import { createEngine } from './create-engine.ts'
import type { OpenedJournal } from './open-journal.ts'

export async function openIntake(
  base: Base,
  opened: OpenedJournal & Pick<IntakeOptions, 'refusedIds'>,
): Promise<Intake> {
  const { config, clock, logger, metrics, parts } = base
  const { journal, bases, boxClock, boot } = opened
  const intake = new Intake({
    journal,
    engine: createEngine(config),
    now: () => boxClock.now(),
    steadyBaseOf: (wanted) => bases.baseOf(wanted),
    monotonicMs: () => clock.monotonicMs(),
    logger: logger.child({ part: 'intake' }),
    metrics,
    refusedIds: opened.refusedIds,
  })
  await intake.start()
  parts.add('intake', () => intake.stop())
  const stopRequests = takeForgetRequests({
    folder: config.dataDir,
    clock,
    forget: (device) => intake.forget(device, 'asked for by hand'),
    onProblem: (error) => logger.warn({ reason: error.message }, 'a request to forget a device waits'),
  })
  parts.add('forget requests', stopRequests)
  const reported = reportTo(logger)
  boxClock.onSynced(() => {
    const bootWallMs = Math.round(boxClock.bootWallMs())
    reported(journal.repairTimes(boot, bootWallMs), 'times could not be repaired yet')
    reported(intake.log('clock-synced', { boot, bootWallMs }), 'the known time could not be noted yet')
  })
  return intake
}

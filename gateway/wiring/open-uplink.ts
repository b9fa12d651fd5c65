// The uplink to the town, if one is configured: its records, the content of the heartbeat, and its messages from the centre.
import { fitGuard } from '../alarms/guard.ts'
import type { Guard } from '../../protocols/domain/guard.ts'
import type { DeviceBroker } from '../broker/port.ts'
import type { StageReceipts } from '../commands/stage-receipts.ts'
import type { UplinkSettings } from '../config/uplink-settings.ts'
import { startRenewal } from '../config/enrolment/renewal.ts'
import { noteAuditHead } from '../health/audit-heads.ts'
import type { BoxFacts } from '../health/box-facts.ts'
import { createHeartbeatFacts } from '../health/heartbeat-facts.ts'
import type { StorageWatch } from '../health/storage-watch.ts'
import type { HeartbeatVitals } from '../health/vitals.ts'
import type { Intake } from '../intake/intake.ts'
import type { Uplink } from '../uplink/port.ts'
import { watchRenewedFiles } from '../uplink/connect/renewed-files.ts'
import { createUplink } from '../uplink/uplink.ts'
import { reportTo, type Base } from './base.ts'
import type { OpenedCameras } from './open-cameras.ts'
import type { OpenedJournal } from './open-journal.ts'
import { outboxOf } from './outbox-of.ts'

export interface OpenUplinkOptions extends OpenedJournal {
  intake: Intake
  broker: DeviceBroker
  stages: StageReceipts
  opened: OpenedCameras | undefined
  facts: BoxFacts
  storageWatch: StorageWatch
  vitals: HeartbeatVitals
  guard: () => Guard
  startedMs: number
  /** Restart: the journal must begin a new epoch. */
  restart: (why: string) => void
}

export function openUplink(base: Base, options: OpenUplinkOptions): Uplink | undefined {
  const { config, clock, logger, random, metrics, parts } = base
  const { journal, boxClock, boot, intake, broker, stages, opened, facts, storageWatch, guard, startedMs } =
    options
  const { vitals } = options
  if (!config.uplink) {
    facts.set('link-lost', false)
    return undefined
  }
  const reported = reportTo(logger)
  const heartbeat = createHeartbeatFacts({
    config,
    broker,
    journal,
    guard: () => fitGuard(guard()),
    now: () => boxClock.now(),
    isClockKept: () => boxClock.isKept,
    boot,
    uptimeMs: () => clock.monotonicMs() - startedMs,
  })
  parts.add(
    'renewal of the certificate',
    startRenewal({
      dataDir: config.dataDir,
      clock,
      isClockKept: () => boxClock.isKept,
      logger: logger.child({ part: 'uplink' }),
    }),
  )
  const uplink = createUplink({
    settings: config.uplink,
    boxId: config.box.id,
    boxName: config.box.name,
    outbox: outboxOf(journal, stages),
    logger: logger.child({ part: 'uplink' }),
    clock,
    random,
    metrics,
    pictures: opened?.pictures,
    onRolledBack: options.restart,
    onAuditHead: (head) =>
      reported(
        noteAuditHead(journal, head, clock.wallMs()),
        'the head of the audit trail could not be stored yet',
      ),
    health: (isSent) => ({ ...heartbeat.read(), ...storageWatch.heartbeatPart, ...vitals.next(isSent) }),
    onStage: ({ alarm, stage, by }) => {
      stages.reached(alarm, stage)
      opened?.cameras.onStage(alarm, stage)
      reported(
        intake.judge({ type: 'stage', alarm, stage, ...(by === undefined ? {} : { by }) }),
        'the steps of the town could not be stored yet',
      )
    },
    onLink: (state, reason) => {
      facts.set('link-lost', state !== 'up')
      if (state === 'up') {
        heartbeat.connected()
        vitals.connected()
      }
      logger.info({ state, reason }, 'the link to the centre changed')
    },
  })
  addUplink(base, uplink, config.uplink)
  opened?.travel.start(uplink)
  storageWatch.onChange(() => uplink.beat())
  return uplink
}

/** It ends with the box, and uses a renewed certificate at once. */
function addUplink({ clock, logger, parts }: Base, uplink: Uplink, settings: UplinkSettings): void {
  parts.add('uplink', () => uplink.stop())
  const reopen = (reason: string): void => uplink.reopen(reason)
  const watch = { settings, clock, logger: logger.child({ part: 'uplink' }), reopen }
  parts.add('files of the uplink', watchRenewedFiles(watch))
}

// The health of the box: one report for the console, the commands and the town, and the facts of the machine.
import type { UnregisteredDevice } from '../../../protocols/console/api.ts'
import type { Guard } from '../../../protocols/domain/guard.ts'
import { readDeviceVitals } from '../../alarms/port.ts'
import type { DeviceBroker } from '../../broker/port.ts'
import type { Cameras } from '../../cameras/port.ts'
import { BoxExtras } from '../../health/board/box-extras.ts'
import { diskOf } from '../../health/disk-room.ts'
import type { FlashWear } from '../../health/flash-wear.ts'
import { BoxFindings } from '../../health/file-findings.ts'
import { HealthReport } from '../../health/health-report.ts'
import { HeartbeatVitals } from '../../health/vitals.ts'
import type { Intake } from '../../intake/intake.ts'
import type { Uplink } from '../../uplink/port.ts'
import { reportTo, type Base } from '../base.ts'
import type { OpenDialects } from '../dialects/open-dialects.ts'
import type { OpenedJournal } from '../open-journal.ts'
import type { OpenRegistry } from '../open-registry.ts'

export interface CreateHealthOptions extends OpenedJournal {
  intake: Intake
  broker: DeviceBroker
  dialects: OpenDialects
  cameras: Cameras | undefined
  uplink: Uplink | undefined
  flash: FlashWear
  guard: () => Guard
  registry: Pick<OpenRegistry, 'describe'>
  startedMs: number
  lastReceiptMs: () => number | undefined
}

/** The part of heartbeats about health; it is empty until the health report exists. */
export const createHeartbeatVitals = ({ clock, logger }: Base): HeartbeatVitals =>
  new HeartbeatVitals({
    monotonicMs: () => clock.monotonicMs(),
    onFailed: (error) => logger.warn({ err: error }, 'the health for the town could not be collected'),
  })

export function createHealth(base: Base, options: CreateHealthOptions): HealthReport {
  const { config, clock, logger, version, parts } = base
  const { journal, bases, boxClock, boot, intake, broker, dialects, cameras, uplink } = options
  const documents = intake.documents()
  const wallMs = (): number | undefined => (boxClock.quality() === 'unsynced' ? undefined : boxClock.wallMs())
  const knocking = (): readonly UnregisteredDevice[] => options.registry.describe().knocking
  const extras = new BoxExtras({
    config,
    clock,
    wallMs,
    batteries: () =>
      new Map(
        config.devices.flatMap(({ id }) => {
          const { batteryPercent } = readDeviceVitals(documents, id)
          return batteryPercent === undefined ? [] : [[id, batteryPercent] as const]
        }),
      ),
    isConnected: (bridge) => dialects.isConnected(bridge),
    onFailed: (error) => logger.warn({ err: error }, 'the battery levels could not be stored'),
  })
  parts.add('facts of the machine', extras.start())
  reportTo(logger)(extras.askModem(), 'the modem could not be asked')
  return new HealthReport({
    config,
    version,
    journal,
    uplink,
    broker,
    cameras,
    documents,
    counts: intake.counts,
    guard: options.guard,
    now: () => boxClock.now(),
    steadyBaseMs: bases.baseOf(boot),
    monotonicMs: () => clock.monotonicMs(),
    startedMs: options.startedMs,
    lastReceiptMs: options.lastReceiptMs,
    heardTime: () => boxClock.heard,
    disk: () => diskOf(config.dataDir),
    flash: options.flash,
    findings: new BoxFindings({ config, monotonicMs: () => clock.monotonicMs(), wallMs, knocking }),
    extras,
  })
}

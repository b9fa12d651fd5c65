// Wires the path of boxes' messages to the disk: Reports, pictures, heartbeats and calls that a box could not store.
import type { SecurityLog } from '../accounts/security-log.ts'
import type { BoxClaims } from '../cluster/box-claims.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Downlink } from '../receiver/downlink.ts'
import { HeartbeatIntake } from '../receiver/heartbeat-intake.ts'
import { ReportIntake } from '../receiver/report-intake.ts'
import type { ReceiverCore } from '../receiver/receiver-core.ts'
import { UnstoredCallIntake } from '../receiver/unstored-call-intake.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Base } from './base.ts'
import { openPictures, type Pictures } from './open-pictures.ts'
import type { OpenedVillages } from './open-villages.ts'

export interface OpenReceiverOptions extends OpenedVillages {
  storage: Storage
  core: ReceiverCore
  fleet: Pick<Fleet, 'heard'>
  downlink: Downlink
  securityLog: SecurityLog
  push: (changes: readonly StoredChange[]) => void
  isClockKept: () => boolean
  claims?: BoxClaims | undefined
}

export interface OpenedReceiver {
  intake: ReportIntake
  pictures: Pictures
  heartbeats: HeartbeatIntake
  unstored: UnstoredCallIntake
}

export function openReceiver(base: Base, options: OpenReceiverOptions): OpenedReceiver {
  const { config, clock, registry, parts } = base
  const { storage, core, downlink, securityLog, push, villages, own, noteGaps } = options
  const logger = base.logger.child({ part: 'receiver' })
  const { claims } = options
  const intake = new ReportIntake({
    core,
    storage,
    clock,
    logger,
    registry,
    limits: own.limits,
    ...(claims ? { claims } : {}),
  })
  const pictures = openPictures({
    config,
    storage,
    clock,
    logger: base.logger.child({ part: 'pictures' }),
    registry,
    securityLog,
    recordsSettled: (box) => intake.settled(box),
    push,
    sendReceipt: (box, receipt) => downlink.sendPictureReceipt(box, receipt),
  })
  parts.add('pictures', () => pictures.stop())
  parts.add('intake', () => intake.drain())
  intake.onStored(({ heard, changes, gaps }) => {
    for (const { box, epoch } of heard) downlink.sendReceipt(box, epoch)
    push(changes)
    noteGaps(gaps)
    pictures.hear(changes)
  })
  const unstored = new UnstoredCallIntake({ storage, clock, logger, registry, onStored: push })
  parts.add('unstored calls', unstored.start())
  const heartbeats = new HeartbeatIntake({
    logger,
    registry,
    clock,
    core,
    onLost: (gaps) => {
      noteGaps(gaps)
      for (const { box } of gaps.slice(0, 1)) own.foundAhead(box)
    },
    onHeard: (box, heartbeat) => {
      villages.heartbeat(box, heartbeat)
      own.heard(box, heartbeat)
      options.fleet.heard(box, heartbeat)
    },
    sendReceipt: (box, epoch) => downlink.sendReceipt(box, epoch),
    isClockKept: options.isClockKept,
  })
  villages.start()
  parts.add('villages', () => villages.stop())
  return { intake, pictures, heartbeats, unstored }
}

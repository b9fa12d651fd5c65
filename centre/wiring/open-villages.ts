// Wires the boxes: the list, their names, and the centre's alarms about them.
import type { ReceiverCore, GapChange } from '../receiver/receiver-core.ts'
import type { Remembered, Storage, StoredChange } from '../storage/port.ts'
import { BoxNotes } from '../villages/box-notes.ts'
import { GapThrottle } from '../villages/gap-throttle.ts'
import { centreBox } from '../villages/own-alarms.ts'
import { Villages } from '../villages/villages.ts'
import type { Base } from './base.ts'
import { openOwnAlarms } from './open-own-alarms.ts'

export interface OpenVillagesOptions {
  storage: Storage
  known: Remembered
  core: ReceiverCore
  push: (changes: readonly StoredChange[]) => void
  isClockKept: () => boolean
  /** Absent where there is one centre. */
  isOnDuty?: (() => boolean) | undefined
}

export interface OpenedVillages {
  villages: Villages
  own: ReturnType<typeof openOwnAlarms>
  boxesAhead: () => string[]
  noteGaps: (gaps: readonly GapChange[]) => void
}

export function openVillages(base: Base, options: OpenVillagesOptions): OpenedVillages {
  const { config, clock, random, registry, parts } = base
  const { storage, known, core, push } = options
  const logger = base.logger.child({ part: 'villages' })
  const notes = new BoxNotes({ storage, clock, logger, onStored: push })
  parts.add('notes of boxes', () => notes.stop())
  const villages = new Villages({
    clock,
    logger,
    receiptOf: (box, epoch) => core.receipt(box, epoch, clock.wallMs()),
    missing: (box, epoch, lane) => core.missing(box, epoch, lane),
    givenUp: (box, epoch, lane) => core.givenUp(box, epoch, lane),
    latestEpoch: (box) => core.latestEpoch(box),
    ...(options.isOnDuty ? { isOnDuty: options.isOnDuty } : {}),
  })
  // A box that was retired does not count.
  const boxesAhead = (): string[] => core.boxesAhead().filter((box) => villages.presenceOf(box) !== undefined)
  const nameOf = (box: string): string => villages.nameOf(box)
  const own = openOwnAlarms({
    config,
    storage,
    clock,
    random,
    logger,
    registry,
    nameOf,
    onStored: push,
    boxesAhead,
    isClockKept: options.isClockKept,
    isOnDuty: options.isOnDuty,
  })
  parts.add("the centre's own alarms", () => own.stop())
  villages.onPresence((box, presence, message) => {
    notes.add(message, box)
    if (presence === 'silent' || presence === 'present') own.silent(box.id, presence === 'silent')
  })
  villages.remember(
    known.boxes.filter(({ id }) => id !== centreBox.id),
    config.boxes,
  )
  own.remember(known.ownAlarms)
  own.start()
  const receiverLogger = base.logger.child({ part: 'receiver' })
  const gapThrottle = new GapThrottle<GapChange>(clock, ({ box, lane, missing }) => {
    if (missing.length > 0) receiverLogger.warn({ box, lane, missing }, 'numbers are missing in a lane')
    else receiverLogger.info({ box, lane }, 'nothing is missing in a lane any more')
    notes.add({ type: 'box.gap', box, lane, missing })
  })
  return { villages, own, boxesAhead, noteGaps: (gaps) => gaps.forEach((gap) => gapThrottle.add(gap)) }
}

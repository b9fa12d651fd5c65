// Wires the take-over: a box that replaces another one gets its passwords of devices and its arming, and keeps its own copy at the centre.
import { placePasswords, readTakenOver, writeTakenOver } from '../../config/enrolment/taken-over.ts'
import { boxCopyOf } from '../../config/enrolment/box-copy.ts'
import { CopySender } from '../../config/enrolment/copy-sender.ts'
import type { Guard } from '../../../protocols/domain/guard.ts'
import type { AlarmInput } from '../../alarms/port.ts'
import type { Base } from '../base.ts'
import type { OpenedJournal } from '../open-journal.ts'

const by = 'take-over'

export interface TakeOverOptions {
  boxClock: OpenedJournal['boxClock']
  judge: (input: AlarmInput) => Promise<void>
  guard: () => Guard
}

/** Before devices may connect. Each step is done again after a kill, and the last one is noted. */
export async function takeOver(base: Base, { boxClock, judge, guard }: TakeOverOptions): Promise<void> {
  const { config, clock, logger, parts } = base
  const { dataDir, box } = config
  if (placePasswords(dataDir, box.id, config.mqtt.passwordFile))
    logger.info('the passwords of devices were taken over from the box before')
  const takenOver = readTakenOver(dataDir)
  if (takenOver?.box === box.id && takenOver.isGuardDone !== true) {
    const [zones, devices] = [config.zones, config.devices].map((list) => new Set(list.map(({ id }) => id)))
    try {
      for (const { id, isArmed } of takenOver.guard.zones)
        if (zones?.has(id)) await judge({ type: 'arm', zone: id, isArmed, by })
      for (const { id, leftMs } of takenOver.guard.bypassed)
        if (devices?.has(id) && leftMs > 0) await judge({ type: 'bypass', device: id, forMs: leftMs, by })
      writeTakenOver(dataDir, { ...takenOver, isGuardDone: true })
      logger.info({ zones: takenOver.guard.zones.length }, 'the arming was taken over from the box before')
    } catch (error) {
      logger.error({ err: error }, 'the arming of the box before could not be stored: arm the zones by hand')
    }
  }
  const sender = new CopySender({
    dataDir,
    clock,
    isClockKept: () => boxClock.isKept,
    wallMs: () => boxClock.wallMs(),
    copy: () => boxCopyOf(config, guard()),
    logger: logger.child({ part: 'uplink' }),
  })
  parts.add('copy for a box that replaces this one', sender.start())
}

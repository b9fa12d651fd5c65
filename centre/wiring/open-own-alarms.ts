// Wires the centre's own alarms: a box is silent, a box is at two places, a certificate expires.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { plainAddress } from '../../platform/strangers/network-address.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { CertificateWatch } from '../villages/certificate-watch.ts'
import type { CentreConfig } from '../config/config.ts'
import type { Claim } from '../receiver/box-credentials.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import { centreBox } from '../villages/own-alarms.ts'
import { CentreWatch } from '../villages/centre-watch.ts'
import { OwnAlarms } from '../villages/own-alarms.ts'
import {
  boxDoubledWords,
  boxNotKeepingWords,
  boxOverLimitWords,
  boxSilentWords,
  outletFailedWords,
  outletSilentWords,
} from '../villages/own-words.ts'
import { BoxLimits } from '../receiver/box-limits.ts'
import { TwoPlaces, type BoxPlace } from '../villages/two-places.ts'

const bytesPerMegabyte = 1024 * 1024
const countPauseMs = 50

export interface OpenOwnAlarmsOptions {
  config: CentreConfig
  storage: Pick<Storage, 'changeOwnAlarm' | 'storedBytes' | 'countStoredBytes'>
  clock: Clock
  random: Random
  logger: Logger
  registry: Registry
  nameOf: (box: string) => string
  onStored: (changes: StoredChange[]) => void
  /** Boxes that were receipted more than is stored here. */
  boxesAhead: () => readonly string[]
  isClockKept: () => boolean
  isOnDuty?: (() => boolean) | undefined
}

export function openOwnAlarms(options: OpenOwnAlarmsOptions) {
  const { logger, nameOf } = options
  const alarms = new OwnAlarms(options)
  const certificates = new CertificateWatch({ ...options, alarms })
  const places = new TwoPlaces({
    clock: options.clock,
    onChange: (box, both) => {
      if (both) logger.warn({ box, places: both }, 'a box sends from two places in turns')
      else logger.info({ box }, 'a box sends from one place again')
      const words = both && boxDoubledWords(nameOf(box), both.map(wordsOf))
      alarms.set({ box, kind: 'box-doubled' }, words)
    },
  })
  const watch = new CentreWatch({ ...options, alarms })
  const { boxLimits } = options.config.uplink
  const limits = new BoxLimits({
    ...options,
    bytesPerDay: boxLimits.megabytesPerDay * bytesPerMegabyte,
    burstBytes: boxLimits.burstMegabytes * bytesPerMegabyte,
    diskBytesMax: boxLimits.diskMegabytes * bytesPerMegabyte,
    storedBytes: () => countAll(options),
    onChange: (box, over) => {
      if (over)
        logger.warn({ box, over, ...boxLimits }, 'a box is over its share: its lower lanes are put off')
      else logger.info({ box }, 'a box is within its share again')
      alarms.set({ box, kind: 'box-over-limit' }, over && boxOverLimitWords(nameOf(box), over))
    },
  })
  return {
    certificates,
    limits,
    remember: (known: readonly DeskAlarm[]): void => {
      alarms.remember(known)
      for (const { box } of alarms.standing('box-doubled')) places.remember(box)
      for (const { box } of alarms.standing('box-over-limit')) limits.remember(box)
    },
    silent: (box: string, isSilent: boolean): void =>
      alarms.set({ box, kind: 'box-silent' }, isSilent ? boxSilentWords(nameOf(box)) : undefined),
    /** The state of its storage in its heartbeat, and its clock. */
    heard: (box: string, heartbeat: Heartbeat): void => {
      const words = heartbeat.isKeeping === false ? boxNotKeepingWords(nameOf(box)) : undefined
      alarms.set({ box, kind: 'box-not-keeping' }, words)
      watch.heard(box, heartbeat)
    },
    ...outletAlarms(alarms),
    foundAhead: (box: string): void => watch.foundAhead(box),
    /** It is not reported any more. */
    retired: (box: string): void => {
      alarms.set({ box, kind: 'box-silent' }, undefined)
      alarms.set({ box, kind: 'box-not-keeping' }, undefined)
    },
    spoke: (box: string, { place, endsAtMs }: Claim): void => {
      places.spoke(box, place)
      if (endsAtMs !== undefined) certificates.seen(box, endsAtMs)
    },
    start: (): void => {
      places.start()
      limits.start()
      certificates.start()
      watch.start()
    },
    stop: (): Promise<void> => {
      places.stop()
      limits.stop()
      certificates.stop()
      watch.stop()
      return alarms.stop()
    },
  }
}

/** Enough of a fingerprint to distinguish two certificates on the telephone. */
function wordsOf({ address, certificate }: BoxPlace): string {
  const at = plainAddress(address)
  return certificate === undefined ? at : `${at} ${certificate.slice(0, 8)}`
}

function outletAlarms(alarms: OwnAlarms) {
  return {
    heardElsewhere: (alarm: DeskAlarm): void => alarms.heardElsewhere(alarm),
    /** A receiver outside fails or is silent; `variant` names it, so that each has an alarm of its own. */
    outlet: (
      kind: 'outlet-failed' | 'outlet-silent',
      name: string,
      label: string,
      receiverWords?: string,
    ): void => {
      const words = kind === 'outlet-failed' ? outletFailedWords : outletSilentWords
      const subject = { box: centreBox.id, kind, variant: name }
      alarms.set(subject, receiverWords === undefined ? undefined : words(label, receiverWords))
    },
    standingOutlets: (kind: 'outlet-failed' | 'outlet-silent'): string[] =>
      alarms.standing(kind).flatMap(({ variant }) => variant ?? []),
  }
}

/** Records of an older version, in batches: between two of them alarms are stored. */
async function countAll({ storage, clock }: OpenOwnAlarmsOptions): Promise<{ box: string; bytes: number }[]> {
  while (await storage.countStoredBytes())
    await new Promise<void>((resolve) => clock.after(countPauseMs, resolve))
  return storage.storedBytes()
}

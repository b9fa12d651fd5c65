// The last step: the broker of the boxes listens, and each message goes to its part.
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import { stageOfBox } from '../alarms/stage-of-box.ts'
import type { CommandSender } from '../commands/command-sender.ts'
import type { Downlink } from '../receiver/downlink.ts'
import type { SignedCertificates } from '../enrolment/signed-certificates.ts'
import { UplinkBroker } from '../receiver/uplink-broker.ts'
import type { SecurityLog } from '../accounts/security-log.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Base } from './base.ts'
import type { OpenedReceiver } from './open-receiver.ts'
import type { OpenedVillages } from './open-villages.ts'

/** People have changed the stage of alarms: desks and the boxes of the alarms get it. */
export const createStepTeller =
  (downlink: Downlink, push: (changes: readonly StoredChange[]) => void) =>
  (alarms: readonly DeskAlarm[], changes: readonly StoredChange[]): void => {
    push(changes)
    for (const alarm of alarms) {
      const stage = stageOfBox(alarm)
      if (stage) downlink.sendStage(alarm.box, stage)
    }
  }

export interface OpenUplinkOptions extends OpenedReceiver, OpenedVillages {
  storage: Storage
  downlink: Downlink
  commands: CommandSender
  securityLog: SecurityLog
  certificates: Pick<SignedCertificates, 'isRevoked' | 'connected'>
  claim?: ((box: string) => Promise<void>) | undefined
}

export async function openUplink(base: Base, options: OpenUplinkOptions): Promise<UplinkBroker> {
  const { config, clock, registry, parts } = base
  const { storage, downlink, commands, securityLog, villages, own, intake, pictures } = options
  const logger = base.logger.child({ part: 'receiver' })
  const sendPendingStages = (box: string): void =>
    void storage
      .pendingStages(box)
      .then((stages) => stages.forEach((stage) => downlink.sendStage(box, stage)))
      .catch((error: unknown) => logger.error({ err: error, box }, 'stages could not be read for a box'))
  const { anonymous, ...uplink } = config.uplink
  const broker = new UplinkBroker({
    ...uplink,
    isRevoked: options.certificates.isRevoked,
    isAnonymousAllowed: anonymous,
    claim: options.claim,
    onSpoke: (box, claim) => {
      own.spoke(box, claim)
      options.certificates.connected(claim.marks)
    },
    onShutOut: (box, reason, address) => securityLog.note('box-refused', box, address, reason),
    clock,
    logger,
    registry,
    onReport: (box, channel, topic, payload, done) => {
      villages.heard(box)
      intake.offer(box, channel, topic, payload, done)
    },
    onPicture: (box, payload) => {
      villages.heard(box)
      pictures.offer(box, payload)
    },
    onHeartbeat: (box, payload) => options.heartbeats.take(box, payload),
    onUnstored: (box, payload) => options.unstored.take(box, payload),
    onResult: (box, payload) => {
      villages.heard(box)
      return commands.answered(box, payload)
    },
    onSubscribed: (box, channel) => {
      if (channel === 'receipt') options.heartbeats.subscribed(box)
      if (channel === 'command') commands.boxReady(box)
      if (channel === 'stage') sendPendingStages(box)
    },
  })
  downlink.attach(broker)
  parts.add('uplink', () => broker.stop())
  await broker.start()
  return broker
}

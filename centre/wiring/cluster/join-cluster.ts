// The last step of a centre that shares its database: it hears what the others store, and may take the duties of the town.
import type { Attendance } from '../../accounts/attendance.ts'
import { hearForeign } from '../../cluster/foreign-changes.ts'
import type { CommandSender } from '../../commands/command-sender.ts'
import type { Downlink } from '../../receiver/downlink.ts'
import type { UplinkBroker } from '../../receiver/uplink-broker.ts'
import type { StoredChange } from '../../storage/port.ts'
import type { Cluster } from './open-cluster.ts'
import type { OpenedUpward } from '../open-upward.ts'
import type { OpenedVillages } from '../open-villages.ts'

export interface JoinClusterOptions extends Pick<OpenedVillages, 'villages' | 'own'> {
  attendance: Attendance
  broker: UplinkBroker
  downlink: Downlink
  commands: CommandSender
  upward: OpenedUpward
}

/** Returns what hears of the changes of other centres. */
export async function joinCluster(
  cluster: Cluster,
  { villages, own, attendance, broker, downlink, commands, upward }: JoinClusterOptions,
): Promise<(foreign: readonly StoredChange[]) => void> {
  cluster.onCut((boxes) => broker.cut(boxes))
  cluster.onDuties((areHeld) => {
    if (areHeld) villages.takeDuty()
    if (areHeld) upward.start()
    else upward.halt()
  })
  cluster.share({
    takeHeard: () => ({ boxes: villages.takeHeard(), people: attendance.takeHeard() }),
    heardElsewhere: (box) => villages.heardElsewhere(box),
    personElsewhere: (name) => attendance.heardElsewhere(name),
  })
  await cluster.start()
  return (foreign) =>
    hearForeign(foreign, {
      sendStage: (box, stage) => downlink.sendStage(box, stage),
      alarm: (alarm) => own.heardElsewhere(alarm),
      command: (command) => commands.heardElsewhere(command),
      present: (box) => villages.heardElsewhere(box),
      retired: (box) => villages.retire(box),
    })
}

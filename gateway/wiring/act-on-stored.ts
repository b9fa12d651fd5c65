// The work after a commit: commands are sent, the sender's lamp shows the stage, and cameras take their pictures.
import type { Cameras } from '../cameras/port.ts'
import type { StageReceipts } from '../commands/stage-receipts.ts'
import { causePrefix, type CauseDocument, type StoredInput } from '../intake/port.ts'
import type { Journal } from '../journal/port.ts'
import type { OpenCommands } from './open-commands.ts'

export interface ActOnStoredOptions {
  commands: Pick<OpenCommands, 'kept'>
  stages: StageReceipts
  cameras: Cameras | undefined
}

export function actOnStored({ commands, stages, cameras }: ActOnStoredOptions): (input: StoredInput) => void {
  return (kept) => {
    commands.kept(kept)
    const [at] = kept.stored
    if (kept.event && kept.alarms.length > 0 && at)
      stages.stored(
        kept.event,
        at,
        kept.alarms.map(({ alarm }) => alarm.id),
      )
    for (const { change, alarm } of kept.transitions) cameras?.onAlarm(change, alarm)
  }
}

/** The senders whose lamps wait for a stage, as stored in the journal. */
export async function restoreStages(journal: Journal, stages: StageReceipts): Promise<void> {
  const causes = (await journal.loadState(causePrefix)) as [string, CauseDocument][]
  stages.restore(causes.map(([key, cause]) => [key.slice(causePrefix.length), cause]))
}

// What the parts of a centre must do when another centre has stored a change: a stage or a command may be for a box whose session is here.
import type { DeskAlarm } from '../../protocols/desk/desk-alarm.ts'
import type { DeskCommand } from '../../protocols/desk/commands.ts'
import { stageOfBox } from '../alarms/stage-of-box.ts'
import type { PendingStage, StoredChange } from '../storage/port.ts'

interface Message {
  type: string
  alarm?: DeskAlarm
  command?: DeskCommand
  box?: string | { id: string; presence: string }
}

export interface ForeignListeners {
  sendStage: (box: string, stage: PendingStage) => void
  alarm: (alarm: DeskAlarm) => void
  command: (command: DeskCommand) => void
  present: (box: string) => void
  retired: (box: string) => void
}

export function hearForeign(changes: readonly StoredChange[], on: ForeignListeners): void {
  for (const { json } of changes) {
    const { type, alarm, command, box } = JSON.parse(json) as Message
    if (command) on.command(command)
    if (alarm) {
      on.alarm(alarm)
      const stage = type === 'alarm.stage' ? stageOfBox(alarm) : undefined
      if (stage) on.sendStage(alarm.box, stage)
    }
    if (type === 'box.presence' && typeof box === 'object' && box.presence === 'present') on.present(box.id)
    if (type === 'box.retired' && typeof box === 'string') on.retired(box)
  }
}

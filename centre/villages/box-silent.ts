// The alarm the centre raises itself: nothing was heard from a box for 180 s.
import type { Alarm } from '../../protocols/domain/alarm.ts'

/** `id` is the alarm's own: one silence, one alarm. */
export function boxSilentAlarm(id: string, box: string, name: string): Alarm {
  return {
    id,
    device: box,
    kind: 'box-silent',
    colour: 'orange',
    latchedColour: 'orange',
    state: 'unacknowledged',
    occurrences: 1,
    text: {
      zh: `网关“${name}”已超过 3 分钟没有消息。该村的告警此刻可能送不到这里：请电话联系村值班员，检查供电和网络。`,
      en: `Box “${name}” has not been heard for 3 minutes. Alarms of this village may not reach you now: call the village's watch, check its power and network.`,
    },
  }
}

/** The same alarm once the box is heard again. */
export const boxHeardAgain = (alarm: Alarm): Alarm => ({ ...alarm, state: 'normal' })

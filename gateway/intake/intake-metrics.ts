// The counters of intake: of all devices for /metrics, and of each device for the health page.
import { Counter, type Registry } from 'prom-client'
import { forgetOldest } from '../../platform/forget-oldest.ts'
import type { MessageCounts } from './port.ts'

/** Most devices with counts of their own; the one that was counted first is forgotten first. */
const countedDevicesMax = 2000

export class DeviceCounts {
  readonly #counts = new Map<string, MessageCounts>()

  count(device: string, what: keyof MessageCounts): void {
    let counts = this.#counts.get(device)
    if (!counts) {
      counts = { repeats: 0, refused: 0 }
      this.#counts.set(device, counts)
      forgetOldest(this.#counts, countedDevicesMax)
    }
    counts[what]++
  }

  of(device: string): MessageCounts | undefined {
    return this.#counts.get(device)
  }
}

export interface IntakeMetrics {
  messages: Counter<'result'>
  changes: Counter<'colour' | 'change'>
  repeated(device: string): void
  quarantined(device: string): void
}

/** `takeKept` returns the events stored since the last call: a counter with labels is too slow for each event. */
export function createIntakeMetrics(
  registry: Registry,
  counts: DeviceCounts,
  takeKept: () => number,
): IntakeMetrics {
  const messages: Counter<'result'> = new Counter({
    name: 'gengfu_device_messages_total',
    help: 'Messages from devices by result',
    labelNames: ['result'],
    registers: [registry],
    collect: () => messages.inc({ result: 'kept' }, takeKept()),
  })
  const changes: Counter<'colour' | 'change'> = new Counter({
    name: 'gengfu_alarm_changes_total',
    help: 'Changes of alarms by colour',
    labelNames: ['colour', 'change'],
    registers: [registry],
  })
  return {
    messages,
    changes,
    repeated: (device) => {
      messages.inc({ result: 'repeat' })
      counts.count(device, 'repeats')
    },
    quarantined: (device) => {
      messages.inc({ result: 'quarantined' })
      counts.count(device, 'refused')
    },
  }
}

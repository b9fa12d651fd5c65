// The counters of intake for /metrics.
import { Counter, type Registry } from 'prom-client'

export interface IntakeMetrics {
  messages: Counter<'result'>
  changes: Counter<'colour' | 'change'>
}

/** `takeKept` returns the events stored since the last call: a counter with labels is too slow for each event. */
export function createIntakeMetrics(registry: Registry, takeKept: () => number): IntakeMetrics {
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
  return { messages, changes }
}

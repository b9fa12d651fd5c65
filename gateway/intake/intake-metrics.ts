// What intake counts for /metrics.
import { Counter, type Registry } from 'prom-client'

export interface IntakeMetrics {
  messages: Counter<'result'>
  changes: Counter<'colour' | 'change'>
}

/** `takeKept` gives the events kept since it was asked last: a counter with labels is too slow for each of them. */
export function createIntakeMetrics(registry: Registry, takeKept: () => number): IntakeMetrics {
  const messages: Counter<'result'> = new Counter({
    name: 'gengfu_device_messages_total',
    help: 'Messages from devices by what became of them',
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

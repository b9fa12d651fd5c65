// The broker's counters and gauges; labels come from fixed lists, never from devices.
import { Counter, Gauge, type Registry } from 'prom-client'
import type { RefusalCause } from './refusals.ts'

export interface BrokerMetrics {
  refusals: Counter<'cause'>
  slowed: Counter
  dropped: Counter<'place'>
  takeovers: Counter
}

export interface BrokerGauges {
  connections(): number
  devicesConnected(): number
  sessions(): number
  waiting(): number
  retained(): number
  /** Messages that wait because their device has used its share of the intake. */
  waitingForTurn(): number
  /** Messages accepted so far, by their kind. `publishing` counts them in a plain object: it is the hot path. */
  messages(): Readonly<Record<string, number>>
}

export function createBrokerMetrics(registry: Registry, gauges: BrokerGauges): BrokerMetrics {
  const registers = [registry]
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read())
        },
      }),
    )
  gauge('gengfu_broker_connections', 'Open connections, admitted or not', () => gauges.connections())
  gauge('gengfu_broker_devices_connected', 'Devices with at least one admitted connection', () =>
    gauges.devicesConnected(),
  )
  gauge('gengfu_broker_sessions', 'Sessions kept for devices without clean session', () => gauges.sessions())
  gauge('gengfu_broker_waiting_messages', 'Messages waiting for devices', () => gauges.waiting())
  gauge(
    'gengfu_broker_waiting_for_turn_messages',
    'Messages that wait because their device has used its share',
    () => gauges.waitingForTurn(),
  )
  gauge('gengfu_broker_retained_messages', 'Retained messages', () => gauges.retained())
  registry.registerMetric(
    new Counter<'purpose'>({
      name: 'gengfu_broker_messages_total',
      help: 'Messages accepted, by their kind',
      labelNames: ['purpose'],
      registers: [],
      collect() {
        this.reset()
        for (const [purpose, messages] of Object.entries(gauges.messages())) this.inc({ purpose }, messages)
      },
    }),
  )
  return {
    refusals: new Counter<'cause'>({
      name: 'gengfu_broker_refusals_total',
      help: 'Connections, messages and subscriptions refused, by cause',
      labelNames: ['cause'] satisfies [keyof { cause: RefusalCause }],
      registers,
    }),
    slowed: new Counter({
      name: 'gengfu_broker_slowed_total',
      help: 'Routine messages acknowledged later because their device sends too fast',
      registers,
    }),
    dropped: new Counter<'place'>({
      name: 'gengfu_broker_dropped_total',
      help: 'Messages and sessions dropped because a limit was reached, by place',
      labelNames: ['place'],
      registers,
    }),
    takeovers: new Counter({
      name: 'gengfu_broker_takeovers_total',
      help: 'Connections closed because the same client connected again',
      registers,
    }),
  }
}

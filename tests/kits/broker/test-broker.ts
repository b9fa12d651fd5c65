// A real broker on loopback for tests, with an intake whose answers the test decides.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { createBroker } from '../../../gateway/broker/broker.ts'
import type { Credentials, DeviceBroker, DeviceMessage, TopicGrants } from '../../../gateway/broker/port.ts'
import { brokerSettingsSchema, type BrokerSettings } from '../../../gateway/config/broker-settings.ts'
import { createSystemClock, type Clock } from '../../../protocols/kit/clock.ts'

type Input = Partial<Omit<BrokerSettings, 'limits'>> & { limits?: Partial<BrokerSettings['limits']> }

export interface TestBrokerOptions {
  settings?: Input
  clock?: Clock
  grants?: TopicGrants
  credentials?: Credentials
  /** Answers for each accepted message; by default stored at once. */
  accept?: (message: DeviceMessage) => Promise<void>
  /** Whether a message counts against the share of its device; none does when left out. */
  isCounted?: (message: DeviceMessage) => boolean
}

export interface TestBroker {
  broker: DeviceBroker
  registry: Registry
  accepted: DeviceMessage[]
  /** Lines of the log, parsed. */
  log: Record<string, unknown>[]
  port: number
  /** The value of a counter, summed over matching labels. */
  count: (name: string, labels?: Record<string, string>) => Promise<number>
}

/** Starts a broker; the caller stops `broker`. */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const accepted: DeviceMessage[] = []
  const log: Record<string, unknown>[] = []
  const registry = new Registry()
  const settings = brokerSettingsSchema.parse({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    anonymous: true,
    ...options.settings,
  })
  const broker = createBroker({
    settings,
    logger: pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    clock: options.clock ?? createSystemClock(),
    metrics: registry,
    ...(options.grants ? { grants: options.grants } : {}),
    ...(options.credentials ? { credentials: options.credentials } : {}),
    intake: {
      admitted: () => undefined,
      take: ({ device, topic, payload, text, isRetained, qos }, told) => {
        const message = { device, topic, payload: Buffer.from(payload), text, isRetained, qos }
        accepted.push(message)
        const kept = options.accept ? options.accept(message) : Promise.resolve()
        kept.then(
          () => told.kept(),
          (error: Error) => told.refused(error),
        )
        return options.isCounted?.(message) ?? false
      },
    },
  })
  await broker.start()
  return {
    broker,
    registry,
    accepted,
    log,
    port: broker.addresses()[0]?.port ?? 0,
    async count(name, labels = {}) {
      const metric = await registry.getSingleMetric(name)?.get()
      const fits = (value: { labels: object }): boolean =>
        Object.entries(labels).every(([key, wanted]) => Reflect.get(value.labels, key) === wanted)
      return (metric?.values ?? []).filter(fits).reduce((sum, { value }) => sum + value, 0)
    },
  }
}

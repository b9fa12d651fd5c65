// Options of a broker.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Credentials, DeviceIntake, TopicGrants } from './port.ts'

export interface BrokerOptions {
  settings: BrokerSettings
  logger: Logger
  clock: Clock
  metrics: Registry
  intake: DeviceIntake
  /** Topics of foreign dialects; none when left out. */
  grants?: TopicGrants
  /** Replaces the password file of the settings. */
  credentials?: Credentials
}

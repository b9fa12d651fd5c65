// What a local rule asks for when its cause could not be kept: sent at once, and not kept either.
import type { Logger } from 'pino'
import { deviceTopic } from '../../protocols/device-mqtt/topics.ts'
import type { LocalCommand } from '../alarms/port.ts'
import type { IntakeOptions } from '../intake/intake-options.ts'
import { Unkept } from '../intake/unkept.ts'
import type { DeviceBroker } from '../broker/port.ts'
import type { Journal } from '../journal/port.ts'

interface Parts {
  journal: Pick<Journal, 'nextSequence'>
  /** Undefined while nobody can be connected yet. */
  broker: () => Pick<DeviceBroker, 'publish'> | undefined
  logger: Logger
}

export function actUnkept({ journal, broker, logger }: Parts): NonNullable<IntakeOptions['onUnkept']> {
  const act = ({ device, ...command }: LocalCommand): void => {
    logger.error({ device, do: command.do }, 'the journal refuses; what a rule asks for is done all the same')
    const order = JSON.stringify({ id: `c-${journal.nextSequence()}`, ...command })
    const sent = broker()?.publish(deviceTopic(device, 'command'), order, { qos: 0 })
    sent?.catch((error: Error) => {
      logger.warn({ device, reason: error.message }, 'a command could not be sent')
    })
  }
  const unkept = new Unkept(act)
  return (event, commands) => void unkept.take(event, commands)
}

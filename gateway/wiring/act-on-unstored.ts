// The work for an input that could not be stored: local rules are executed, and the call is sent to the town.
import type { Logger } from 'pino'
import { deviceTopic } from '../../protocols/device-mqtt/topics.ts'
import type { LocalCommand } from '../alarms/port.ts'
import type { UnstoredOutcome } from '../intake/intake-options.ts'
import { UnstoredResponse } from '../intake/unstored-response.ts'
import type { DeviceBroker } from '../broker/port.ts'
import type { Journal } from '../journal/port.ts'
import type { Uplink } from '../uplink/port.ts'

interface Parts {
  journal: Pick<Journal, 'nextSequence'>
  broker: Pick<DeviceBroker, 'publish'>
  /** Undefined for a box without a centre. */
  uplink: Pick<Uplink, 'sendUnstoredCall'> | undefined
  logger: Logger
}

export function actOnUnstored({
  journal,
  broker,
  uplink,
  logger,
}: Parts): (outcome: UnstoredOutcome) => void {
  const act = ({ device, ...command }: LocalCommand): void => {
    logger.error({ device, do: command.do }, 'the journal refuses; what a rule asks for is done all the same')
    const order = JSON.stringify({ id: `c-${journal.nextSequence()}`, ...command })
    const sent = broker.publish(deviceTopic(device, 'command'), order, { qos: 0 })
    sent.catch((error: Error) => {
      logger.warn({ device, reason: error.message }, 'a command could not be sent')
    })
  }
  const unstored = new UnstoredResponse(act)
  return (outcome) => {
    unstored.take(outcome)
    for (const { alarm } of outcome.transitions)
      if (alarm.state !== 'normal') uplink?.sendUnstoredCall(outcome.at, alarm)
  }
}

// Inputs that are not MQTT: Modbus buses that the box polls, and listeners for SL 651 recorders, alarm panels and cameras.
import type { Logger } from 'pino'
import type { Random } from '../../../protocols/kit/random.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { GatewayConfig } from '../../config/config.ts'
import type { DialectIntake } from '../../dialects/box/dialect-intake.ts'
import type { ResultStorage } from '../../dialects/box/result-storage.ts'
import type { ModbusBus } from '../../dialects/box/modbus-bus.ts'
import { GbListener } from '../../dialects/box/gb-listener.ts'
import { PanelListener } from '../../dialects/box/panel-listener.ts'
import { RecorderListener } from '../../dialects/box/recorder-listener.ts'

export interface OpenBusesOptions {
  bridges: GatewayConfig['bridges']
  dialects: DialectIntake
  keeper: ResultStorage
  clock: Clock
  random: Random
  steadyMs: () => number
  isClockSynced: () => boolean
  logger: Logger
}

export interface OpenBuses {
  /** True when the bus answers; undefined if `bridge` is no bus. */
  isThere(bridge: string): boolean | undefined
  start(): Promise<void>
  stop(): Promise<void>
}

async function openModbus(options: OpenBusesOptions): Promise<Map<string, ModbusBus>> {
  const { bridges } = options
  if (!bridges.some(({ modbus }) => modbus)) return new Map()
  // Loaded for a box that has such a bus: a start without it is faster.
  const { ModbusBus } = await import('../../dialects/box/modbus-bus.ts')
  return new Map(
    bridges.flatMap(({ id, modbus: settings }) =>
      settings ? [[id, new ModbusBus({ ...options, id, settings })] as const] : [],
    ),
  )
}

export async function openBuses(options: OpenBusesOptions): Promise<OpenBuses> {
  const { bridges, keeper, logger } = options
  const buses = await openModbus(options)
  const listeners = new Map(
    bridges.flatMap(
      ({ id, sl651, dc09, gb28181 }): [string, RecorderListener | PanelListener | GbListener][] => [
        ...(sl651
          ? [[id, new RecorderListener({ ...options, id, settings: sl651 })] as [string, RecorderListener]]
          : []),
        ...(dc09
          ? [[id, new PanelListener({ ...options, id, settings: dc09 })] as [string, PanelListener]]
          : []),
        ...(gb28181
          ? [[id, new GbListener({ ...options, id, settings: gb28181 })] as [string, GbListener]]
          : []),
      ],
    ),
  )
  return {
    isThere: (bridge) => buses.get(bridge)?.isConnected,
    start: async () => {
      for (const bus of buses.values()) bus.start()
      for (const [id, listener] of listeners) {
        const isListening = await listener.start().then(
          () => true,
          (error: Error) => {
            // The rest of the box still protects the village; people see an alarm of this bridge.
            logger.error(
              { bridge: id, reason: error.message },
              'no listener for recorders, panels or cameras: give it a free port, and a key or password that can be read',
            )
            return false
          },
        )
        keeper
          .keepPresence(id, isListening)
          .catch((error: Error) =>
            logger.warn({ bridge: id, reason: error.message }, 'a presence could not be stored'),
          )
      }
    },
    stop: async () => {
      await Promise.all([...buses.values(), ...listeners.values()].map((part) => part.stop()))
    },
  }
}

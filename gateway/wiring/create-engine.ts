// The alarm engine for a configuration: its devices, and its bridges as the hubs of their devices.
import { createAlarmEngine } from '../alarms/alarm-engine.ts'
import type { AlarmEngine } from '../alarms/port.ts'
import { deviceSchema, type AlarmSettings, type DeviceSettings } from '../config/alarm-settings.ts'
import { rulesOfRingGroups } from '../config/ring-groups.ts'
import type { GatewayConfig } from '../config/config.ts'

/** A bridge sends nothing while nothing happens behind it: its connection shows that it is alive. */
const bridgeReportIntervalS = 7 * 86_400

function devicesAndBridges({ devices, bridges }: GatewayConfig): AlarmSettings['devices'] {
  const hubs = bridges.map(({ id, name }): DeviceSettings =>
    deviceSchema.parse({
      id,
      kind: 'hub',
      ...(name === undefined ? {} : { name }),
      reportIntervalS: bridgeReportIntervalS,
      isAlwaysConnected: true,
    }),
  )
  return [...devices, ...hubs]
}

export function createEngine(config: GatewayConfig): AlarmEngine {
  const { box, zones, rules, limits, cameras, ringGroups } = config
  return createAlarmEngine({
    boxId: box.id,
    zones: [...zones],
    devices: devicesAndBridges(config),
    rules: [...rules, ...rulesOfRingGroups(ringGroups, config.devices)],
    limits,
    cameras,
  })
}

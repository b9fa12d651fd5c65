// Zigbee2MQTT: the list of devices with their exposes, JSON of everything that is known, and a press on up to three topics.
import { ieeeOf, type Reading, type SimulatedDevice, type BridgeSimulator } from './bridge-simulator.ts'

const exposes: Record<string, object[]> = {
  button: [
    { type: 'enum', name: 'action', property: 'action', values: ['single', 'double', 'hold', 'emergency'] },
  ],
  door: [{ type: 'binary', name: 'contact', property: 'contact', value_on: false, value_off: true }],
  water: [{ type: 'numeric', name: 'liquid_depth', property: 'liquid_depth', unit: 'm' }],
  siren: [{ type: 'composite', name: 'warning', property: 'warning', features: [] }],
  lamp: [
    { type: 'switch', features: [{ type: 'binary', name: 'state', property: 'state', value_on: 'ON' }] },
  ],
}
const actions = {
  pressed: 'single',
  double: 'double',
  held: 'hold',
  duress: 'emergency_duress',
  assist: 'assist',
  cancel: 'cancel',
} as const
/** A name as people give it, with a slash and a space. */
const nameOf = ({ zone, id }: SimulatedDevice): string => `${zone}/house ${id}`
const topicOf = (device: SimulatedDevice): string => `zigbee2mqtt/${nameOf(device)}`

function stateOf(device: SimulatedDevice, { isOpen, levelMm, batteryPercent, atMs }: Reading): object {
  return {
    ...(device.kind === 'door' ? { contact: !isOpen } : {}),
    ...(device.kind === 'water' ? { liquid_depth: levelMm / 1000 } : {}),
    ...(device.kind === 'lamp' ? { state: 'OFF' } : {}),
    battery: batteryPercent,
    linkquality: 60 + (device.place % 120),
    last_seen: new Date(atMs).toISOString(),
  }
}

export const zigbee2mqtt: BridgeSimulator = {
  addressOf: ieeeOf,
  hello: (devices) => [
    { topic: 'zigbee2mqtt/bridge/state', payload: '{"state":"online"}', isRetained: true },
    {
      topic: 'zigbee2mqtt/bridge/devices',
      isRetained: true,
      payload: JSON.stringify([
        { ieee_address: '0x00124b0000000000', type: 'Coordinator', friendly_name: 'Coordinator' },
        ...devices.map((device) => ({
          ieee_address: ieeeOf(device),
          type: device.batteryPercent === undefined ? 'Router' : 'EndDevice',
          friendly_name: nameOf(device),
          interview_completed: true,
          definition: { model: `SIM-${device.kind}`, vendor: 'gengfu', exposes: exposes[device.kind] ?? [] },
        })),
      ]),
    },
  ],
  report: (device, reading, has) => {
    const state: Record<string, unknown> = { ...stateOf(device, reading) }
    if (has('unknown-values') && reading.count % 5 === 0)
      Object.assign(state, { battery: -1, linkquality: null })
    if (has('lost-field') && reading.count % 4 === 0) delete state['contact']
    const topic = topicOf(device)
    return [
      { topic, payload: JSON.stringify(state), isRetained: device.kind === 'door' },
      ...(has('sleeping') ? [{ topic: `${topic}/availability`, payload: '{"state":"offline"}' }] : []),
    ]
  },
  press: (device, how, count, has) => {
    const action = actions[how]
    const [topic, isRetained] = [topicOf(device), has('retained-press')]
    const key = has('legacy-words') ? 'click' : 'action'
    const state = { battery: 87, linkquality: 90, update: { state: 'idle' } }
    return [
      { topic, payload: JSON.stringify({ ...state, [key]: action, count }), isRetained },
      ...(has('press-once') ? [] : [{ topic: `${topic}/action`, payload: action, isRetained }]),
      ...(has('empty-action') ? [{ topic, payload: JSON.stringify({ ...state, [key]: '' }) }] : []),
    ]
  },
}

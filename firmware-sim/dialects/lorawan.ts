// LoRaWAN devices behind a network server: frames of Milesight's family in the envelopes of ChirpStack 3 and 4 and of The
// Things Stack; and a 4G device of a vendor's own JSON.
import { euiOf, type Reading, type SimulatedDevice, type BridgeSimulator } from './bridge-simulator.ts'
import type { ButtonPress } from '../devices/alarm-button.ts'

type Envelope = (
  device: SimulatedDevice,
  frame: { bytes: Buffer; count: number; atMs: number },
) => {
  topic: string
  payload: string
}

const models = { button: 'WS101', door: 'WS301', water: 'EM500-SWL', siren: 'WS523', lamp: 'WS523' } as const
/** A bought button with one key has no green one: it is pressed. */
const codeOf: Record<ButtonPress, number> = {
  pressed: 1,
  held: 2,
  double: 3,
  duress: 4,
  assist: 1,
  cancel: 1,
}

function frameOf(
  device: SimulatedDevice,
  { isOpen, levelMm, batteryPercent }: Reading,
  isUnknown: boolean,
): Buffer {
  const battery = [0x01, 0x75, isUnknown ? 0xff : batteryPercent]
  if (device.kind === 'door') return Buffer.from([...battery, 3, 0, isOpen ? 1 : 0, 4, 0, 0])
  const centimetres = isUnknown ? 0xffff : Math.round(levelMm / 10)
  return device.kind === 'water'
    ? Buffer.from([...battery, 3, 0x77, centimetres & 0xff, centimetres >> 8])
    : Buffer.from(battery)
}

const chirpstack4: Envelope = (device, { bytes, count, atMs }) => ({
  topic: `application/17c82e96-be03-4f38-aef3-f83d48582d97/device/${euiOf(device)}/event/up`,
  payload: JSON.stringify({
    time: new Date(atMs).toISOString(),
    deviceInfo: { deviceProfileName: models[device.kind], deviceName: device.id, devEui: euiOf(device) },
    devAddr: '01abcdef',
    // Protobuf's JSON leaves out what is zero.
    ...(count === 0 ? {} : { fCnt: count }),
    fPort: 85,
    data: bytes.toString('base64'),
    rxInfo: [{ gatewayId: '0016c001f153a14c', rssi: -97, snr: 4.5 }],
  }),
})
const chirpstack3: Envelope = (device, { bytes, count, atMs }) => ({
  topic: `application/1/device/${euiOf(device)}/event/up`,
  payload: JSON.stringify({
    applicationID: '1',
    deviceName: device.id,
    deviceProfileName: models[device.kind],
    devEUI: Buffer.from(euiOf(device), 'hex').toString('base64'),
    rxInfo: [{ rssi: -97, loRaSNR: 4.5, time: new Date(atMs).toISOString() }],
    fCnt: count,
    fPort: 85,
    data: bytes.toString('base64'),
  }),
})
const thingsStack: Envelope = (device, { bytes, count, atMs }) => ({
  topic: `v3/village@ttn/devices/${device.id}/up`,
  payload: JSON.stringify({
    end_device_ids: { device_id: device.id, dev_eui: euiOf(device).toUpperCase(), dev_addr: '01ABCDEF' },
    received_at: new Date(atMs).toISOString(),
    uplink_message: {
      f_port: 85,
      ...(count === 0 ? {} : { f_cnt: count }),
      frm_payload: bytes.toString('base64'),
      rx_metadata: [{ rssi: -97, snr: 4.5 }],
      version_ids: { brand_id: 'milesight-iot', model_id: models[device.kind].toLowerCase() },
    },
  }),
})

const simulatorOf = (envelope: Envelope): BridgeSimulator => ({
  addressOf: euiOf,
  hello: () => [],
  report: (device, reading, has) => [
    envelope(device, {
      bytes: frameOf(device, reading, has('unknown-values') && reading.count % 5 === 0),
      count: reading.count * 2,
      atMs: reading.atMs,
    }),
  ],
  press: (device, how, count) => [
    envelope(device, {
      bytes: Buffer.from([0xff, 0x2e, codeOf[how]]),
      count: count * 2 + 1,
      atMs: 1_700_000_000_000 + count * 1000,
    }),
  ],
})

export const chirpstack = simulatorOf(chirpstack4)
export const chirpstackOld = simulatorOf(chirpstack3)
export const ttn = simulatorOf(thingsStack)

const serialOf = ({ place }: SimulatedDevice): string => `SN${String(place + 1).padStart(6, '0')}`

/** The built-in mapping client-heartbeat-4g. */
export const mapping: BridgeSimulator = {
  addressOf: serialOf,
  hello: () => [],
  report: (device, { batteryPercent }, has) => [
    {
      topic: `device/${serialOf(device)}/up`,
      payload: JSON.stringify({
        command: 'heartbeat',
        serial: serialOf(device),
        message: { csq: has('unknown-values') ? 99 : 21, battery: batteryPercent },
      }),
    },
  ],
  press: (device) => [
    {
      topic: `device/${serialOf(device)}/up`,
      payload: JSON.stringify({ command: 'alarm', serial: serialOf(device), message: { type: 'sos' } }),
    },
  ],
}

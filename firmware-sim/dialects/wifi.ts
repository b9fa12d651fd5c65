// Devices with Wi-Fi, each of which would connect by itself: Tasmota boards, Shelly of both generations, ESPHome boards.
import {
  macOf as macOfMaker,
  type Reading,
  type SimulatedDevice,
  type BridgeSimulator,
} from './bridge-simulator.ts'

type MacOf = (device: SimulatedDevice) => string
const tasmotaMac: MacOf = (device) => macOfMaker('84f3eb', device)
const shellyMac: MacOf = (device) => macOfMaker('c45bbe', device)
const shelly2Mac: MacOf = (device) => macOfMaker('e868e7', device)
const esphomeMac: MacOf = (device) => macOfMaker('a8032a', device)

const boardOf = ({ id }: SimulatedDevice): string => `tasmota_${id}`

export const tasmota: BridgeSimulator = {
  addressOf: tasmotaMac,
  hello: (devices) =>
    devices.flatMap((device) => [
      {
        topic: `tasmota/discovery/${tasmotaMac(device).toUpperCase()}/config`,
        isRetained: true,
        payload: JSON.stringify({
          dn: device.id,
          mac: tasmotaMac(device).toUpperCase(),
          md: 'Generic',
          t: boardOf(device),
          ft: '%prefix%/%topic%/',
          tp: ['cmnd', 'stat', 'tele'],
          swn: [device.kind === 'door' ? 'Door' : null],
        }),
      },
      { topic: `tele/${boardOf(device)}/LWT`, payload: 'Online', isRetained: true },
    ]),
  report: (device, { isOpen, levelMm, atMs }, has) => {
    const Time = new Date(atMs).toISOString().slice(0, 19)
    const sensors = {
      ...(device.kind === 'door' ? { Door: isOpen ? 'ON' : 'OFF' } : {}),
      ...(device.kind === 'water' ? { SR04: { Distance: (5000 - levelMm) / 10 } } : {}),
      ...(has('unknown-values') ? { AM2301: { Temperature: null, Humidity: null } } : {}),
    }
    return [
      { topic: `tele/${boardOf(device)}/STATE`, payload: JSON.stringify({ Time, Wifi: { Signal: -61 } }) },
      {
        topic: `tele/${boardOf(device)}/SENSOR`,
        payload: JSON.stringify({ Time, ...sensors, TempUnit: 'C' }),
      },
    ]
  },
  press: (device, how, _count, has) => {
    const Action = {
      pressed: 'SINGLE',
      double: 'DOUBLE',
      held: 'HOLD',
      duress: 'DURESS',
      assist: 'ASSIST',
      cancel: 'CANCEL',
    }[how]
    const isRetained = has('retained-press')
    return has('legacy-words')
      ? [
          {
            topic: `stat/${boardOf(device)}/BUTTON1`,
            payload: JSON.stringify({ ACTION: Action }),
            isRetained,
          },
        ]
      : [
          {
            topic: `stat/${boardOf(device)}/RESULT`,
            payload: JSON.stringify({ Button1: { Action } }),
            isRetained,
          },
        ]
  },
}

const firstOf = (device: SimulatedDevice): string => {
  const model = {
    button: 'shellybutton1',
    door: 'shellydw2',
    water: 'shellyflood',
    siren: 'shelly1',
    lamp: 'shelly1',
  }
  return `${model[device.kind]}-${shellyMac(device).toUpperCase()}`
}

/** First generation: one value a topic. */
export const shelly: BridgeSimulator = {
  addressOf: shellyMac,
  hello: (devices) =>
    devices.map((device) => ({
      topic: 'shellies/announce',
      payload: JSON.stringify({ id: firstOf(device), model: 'SIM', mac: shellyMac(device).toUpperCase() }),
    })),
  report: (device, { isOpen, levelMm, batteryPercent, count }, has) => {
    const topic = `shellies/${firstOf(device)}`
    const isUnknown = has('unknown-values') && count % 5 === 0
    return [
      ...(device.kind === 'door'
        ? [{ topic: `${topic}/sensor/state`, payload: isOpen ? 'open' : 'close' }]
        : []),
      ...(device.kind === 'door' ? [{ topic: `${topic}/sensor/vibration`, payload: '-1' }] : []),
      ...(device.kind === 'water'
        ? [{ topic: `${topic}/sensor/flood`, payload: String(levelMm > 4500) }]
        : []),
      { topic: `${topic}/sensor/temperature`, payload: isUnknown ? '999' : '21.5' },
      { topic: `${topic}/sensor/battery`, payload: String(batteryPercent) },
      ...(has('sleeping') ? [{ topic: `${topic}/online`, payload: 'false', isRetained: true }] : []),
    ]
  },
  press: (device, how, count, has) => {
    const event = { pressed: 'S', double: 'SS', held: 'L', duress: 'SSS', assist: 'S', cancel: 'S' }[how]
    const topic = `shellies/${firstOf(device)}/input_event/0`
    return [
      { topic, payload: JSON.stringify({ event, event_cnt: count }), isRetained: has('retained-press') },
      // It says so again when it wakes up the next time.
      ...(has('sleeping') ? [{ topic, payload: JSON.stringify({ event, event_cnt: count }) }] : []),
      ...(has('empty-action') ? [{ topic, payload: JSON.stringify({ event: '', event_cnt: count }) }] : []),
    ]
  },
}

const secondOf = (device: SimulatedDevice): string => {
  const model = {
    button: 'shellyplusi4',
    door: 'shellyplusht',
    water: 'shellyfloodg4',
    siren: 'shellyplus1',
    lamp: 'shellyplus1',
  }
  return `${model[device.kind]}-${shelly2Mac(device)}`
}
const notify = (device: SimulatedDevice, method: string, params: object, isRetained = false) => ({
  topic: `${secondOf(device)}/events/rpc`,
  payload: JSON.stringify({ src: secondOf(device), dst: `${secondOf(device)}/events`, method, params }),
  isRetained,
})

/** Second generation and later: JSON-RPC notifications. */
export const shelly2: BridgeSimulator = {
  addressOf: shelly2Mac,
  hello: (devices) =>
    devices.map((device) => ({ topic: `${secondOf(device)}/online`, payload: 'true', isRetained: true })),
  report: (device, { isOpen, levelMm, batteryPercent, atMs, count }, has) => {
    const isUnknown = has('unknown-values') && count % 5 === 0
    const params = {
      ts: atMs / 1000,
      ...(device.kind === 'water' ? { 'flood:0': { id: 0, alarm: levelMm > 4500, mute: false } } : {}),
      ...(device.kind === 'door' ? { 'input:0': { id: 0, state: isOpen } } : {}),
      'temperature:0': { id: 0, tC: isUnknown ? null : 20.4 },
      'devicepower:0': { id: 0, battery: { V: 5.4, percent: batteryPercent }, external: { present: false } },
    }
    return [
      notify(device, 'NotifyFullStatus', params),
      ...(has('sleeping')
        ? [{ topic: `${secondOf(device)}/online`, payload: 'false', isRetained: true }]
        : []),
    ]
  },
  press: (device, how, count, has) => {
    const event = {
      pressed: 'single_push',
      double: 'double_push',
      held: 'long_push',
      duress: 'triple_push',
      assist: 'single_push',
      cancel: 'single_push',
    }[how]
    const ts = 1_700_000_000 + count
    const of = (word: string) => ({ ts, events: [{ component: 'input:0', id: 0, event: word, ts }] })
    return [
      notify(device, 'NotifyEvent', of('btn_down')),
      notify(device, 'NotifyEvent', of(event), has('retained-press')),
      notify(device, 'NotifyEvent', of('btn_up')),
    ]
  },
}

/** ESPHome, as it announces itself to Home Assistant, with shortened keys. */
export const esphome: BridgeSimulator = {
  addressOf: esphomeMac,
  hello: (devices) =>
    devices.map((device) => {
      const dev = {
        ids: esphomeMac(device),
        cns: [['mac', esphomeMac(device)]],
        name: device.id,
        mf: 'gengfu',
        mdl: 'sim',
      }
      const announced: Record<string, [component: string, config: object]> = {
        button: ['event', { stat_t: `~/event/sos/state`, evt_typ: ['press', 'hold'] }],
        door: ['binary_sensor', { stat_t: '~/binary_sensor/door/state', dev_cla: 'door' }],
        water: ['sensor', { stat_t: '~/sensor/water_level/state', unit_of_meas: 'cm', name: 'water_level' }],
        siren: ['siren', { stat_t: '~/siren/x/state', cmd_t: '~/siren/x/command' }],
        lamp: ['light', { stat_t: '~/light/x/state', cmd_t: '~/light/x/command' }],
      }
      const [component, config] = announced[device.kind] ?? ['sensor', {}]
      return {
        topic: `homeassistant/${component}/${device.id}/x/config`,
        isRetained: true,
        payload: JSON.stringify({
          '~': device.id,
          avty_t: '~/status',
          uniq_id: `${device.id}x`,
          dev,
          ...config,
        }),
      }
    }),
  report: (device, { isOpen, levelMm, count }: Reading, has) => {
    const isUnknown = has('unknown-values') && count % 5 === 0
    if (device.kind === 'door')
      return [
        {
          topic: `${device.id}/binary_sensor/door/state`,
          payload: isUnknown ? 'None' : isOpen ? 'ON' : 'OFF',
        },
      ]
    if (device.kind === 'water')
      return [
        { topic: `${device.id}/sensor/water_level/state`, payload: isUnknown ? 'nan' : String(levelMm / 10) },
      ]
    return [{ topic: `${device.id}/status`, payload: 'online', isRetained: true }]
  },
  press: (device, how, _count, has) => [
    {
      topic: `${device.id}/event/sos/state`,
      payload: JSON.stringify({
        event_type: {
          pressed: 'press',
          double: 'double',
          held: 'hold',
          duress: 'duress',
          assist: 'assist',
          cancel: 'cancel',
        }[how],
      }),
      isRetained: has('retained-press'),
    },
  ],
}

// Two families of 4G devices as examples of a mapping. The names of their messages and of the keys csq, ICCID,
// network_rssi and serial are public; the keys of the measurements follow the makers' usual names and must be checked
// with the device.

/** 0 to 31 in steps of 2 dBm from -113; 99 is "not known". */
const csq = { scale: 2, offset: -113, unknown: [99, 255, -1] }

export const families: readonly { name: string; topics: string[]; rules: object[] }[] = [
  {
    name: 'thing-model-4g',
    topics: ['+/+/thing/event/property/post', 'thing/+/event/property/post'],
    rules: [
      {
        when: { method: 'thing.event.property.post' },
        device: 'path:params.ICCID',
        messageId: 'id',
        readings: {
          signalDbm: { path: 'params.csq', ...csq },
          temperatureC: { path: 'params.temperature', unknown: [-999, 999] },
          batteryPercent: { path: 'params.battery', unknown: [-1, 255] },
          waterLevelMm: { path: 'params.water_level', scale: 10, unknown: [-1, 9999] },
          smoke: { path: 'params.smoke', words: { '0': false, '1': true } },
          gas: { path: 'params.gas', words: { '0': false, '1': true } },
          leak: { path: 'params.leak', words: { '0': false, '1': true } },
          mains: { path: 'params.switch', words: { '0': 'off', '1': 'on' } },
          button: { path: 'params.sos', words: { '1': 'pressed' }, isMomentary: true },
        },
        answer: { payload: '{"id":"{id}","code":200,"data":{}}' },
      },
    ],
  },
  {
    name: 'client-heartbeat-4g',
    topics: ['device/+/up'],
    rules: [
      {
        when: { method: 'client.heartbeat' },
        device: 'topic:1',
        readings: { signalDbm: { path: 'network_rssi', unknown: [0, 99] } },
      },
      {
        when: { command: 'heartbeat' },
        device: 'path:serial',
        readings: {
          signalDbm: { path: 'message.csq', ...csq },
          batteryPercent: { path: 'message.battery', unknown: [-1, 255] },
        },
        answer: { payload: '{"command":"heartbeat","serial":"{serial}","result":0}' },
      },
      {
        when: { command: 'alarm' },
        device: 'path:serial',
        readings: {
          button: { path: 'message.type', words: { sos: 'pressed', help: 'pressed' }, isMomentary: true },
          smoke: { path: 'message.smoke', as: 'flag' },
          gas: { path: 'message.gas', as: 'flag' },
        },
        answer: { payload: '{"command":"alarm","serial":"{serial}","result":0}' },
      },
    ],
  },
]

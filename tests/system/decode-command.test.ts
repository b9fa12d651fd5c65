// Question: does `gengfu decode` answer each line with one line, in order, in the format that other programs read?
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, test } from 'vitest'
import { createBoxFolder, startBox } from '../kits/system/box-in-process.ts'
import { builtCommand } from '../kits/system/require-build.ts'

const program = builtCommand()

interface Answer {
  line: number
  results: {
    device: string
    readings: object
    momentary?: object
    faults?: string[]
    alarms?: { kind: string }[]
  }[]
  ignored?: string
  quarantined?: string
}

function decode(lines: readonly (object | string)[], choices: readonly string[] = []): Answer[] {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'decode', ...choices], {
    input,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer)
}

test('one press on three topics is one alarm; an ignored or unreadable line has its reason; dialects can be mixed', () => {
  const press = '{"action":"emergency","battery":90}'
  const answers = decode([
    { topic: 'zigbee2mqtt/0x00158d0001abcd01', payload: press },
    { topic: 'zigbee2mqtt/0x00158d0001abcd01/action', payload: 'emergency' },
    { topic: 'zigbee2mqtt/0x00158d0001abcd01', payload: press, retained: true },
    { topic: 'shellies/shellysmoke-EC64C9000002/sensor/smoke', payloadHex: '74727565' },
    'not json',
    {
      topic: 'shellyfloodg4-aabbccddeeff/status/flood:0',
      payload: '{"alarm":null,"errors":["cable_unplugged"]}',
    },
    { topic: 'gengfu/v1/b-1/event', payload: '{"id":"1-1","contact":"open"}' },
  ])
  expect(answers.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(answers[0]?.results[0]).toMatchObject({
    device: '0x00158d0001abcd01',
    readings: { button: 'pressed', batteryPercent: 90 },
    momentary: { button: 'pressed' },
    alarms: [{ kind: 'sos' }],
  })
  expect(answers[1]).toMatchObject({ results: [], ignored: expect.stringContaining('once more') as string })
  expect(answers[2]?.results[0]?.readings).toEqual({ batteryPercent: 90 })
  expect(answers[3]?.results[0]).toMatchObject({
    device: 'ec64c9000002',
    readings: { smoke: true },
    alarms: [{ kind: 'smoke' }],
  })
  expect(answers[4]?.quarantined).toBe('not JSON')
  expect(answers[5]?.results[0]).toMatchObject({ readings: { leak: null }, faults: ['cable_unplugged'] })
  expect(answers[6]?.results[0]).toMatchObject({ device: 'b-1', readings: { contact: 'open' } })
}, 60_000)

test('a LoRaWAN frame needs neither topic nor device; stored raw input is decoded again with a codec that was added later', async () => {
  const frame = { payloadHex: '01 75 64 ff 2e 01', fPort: 85 }
  expect(decode([frame], ['--codec', 'WS101'])[0]?.results[0]).toMatchObject({
    readings: { button: 'pressed', batteryPercent: 100 },
    alarms: [{ kind: 'sos' }],
  })
  const place = createBoxFolder()
  try {
    const bridge = { id: 'stack', dialect: 'chirpstack' }
    const box = await startBox(place.folder, { bridges: [bridge] })
    const client = await connectAsync(box.mqttUrl, {
      clientId: 'stack',
      protocolVersion: 4,
      reconnectPeriod: 0,
    })
    const up = {
      devEUI: '24e124000000beef',
      fPort: 9,
      fCnt: 1,
      data: Buffer.from('ff2e02', 'hex').toString('base64'),
    }
    const topic = 'application/1/device/24e124000000beef/event/up'
    await client.publishAsync(topic, JSON.stringify(up), { qos: 1 })
    await client.endAsync()
    await box.gateway.stop()
    const config = join(place.folder, 'again.yaml')
    writeFileSync(
      config,
      JSON.stringify({
        box: { id: 'again' },
        dataDir: join(place.folder, 'box'),
        mqtt: { listeners: [{ port: 0 }] },
        bridges: [{ ...bridge, codec: 'WS101' }],
      }),
    )
    expect(decode([], ['--again', '--config', config])).toMatchObject([
      {
        line: 1,
        topic,
        was: expect.stringContaining('no codec') as string,
        results: [{ readings: { button: 'held' } }],
      },
    ])
  } finally {
    place.remove()
  }
}, 60_000)

test('the list of a thousand Zigbee devices is read, and a line longer than any message gets one answer', () => {
  const list = Array.from({ length: 1000 }, (_, index) => ({
    ieee_address: `0x00158d00${String(index).padStart(8, '0')}`,
    type: 'EndDevice',
    friendly_name: `door ${index}`,
    definition: { model: 'MCCGQ11LM', description: 'x'.repeat(4000), exposes: [] },
  }))
  const answers = decode([
    { topic: 'zigbee2mqtt/bridge/devices', payload: JSON.stringify(list) },
    'x'.repeat(40 * 1024 * 1024),
    { topic: 'zigbee2mqtt/door 7', payload: '{"contact":false}' },
  ])
  expect(answers).toMatchObject([
    { line: 1 },
    { line: 2, results: [], quarantined: expect.stringContaining('a line of at most') as string },
    { line: 3, results: [{ device: '0x00158d0000000007', readings: { contact: 'open' } }] },
  ])
  expect(answers[0]).not.toHaveProperty('quarantined')
})

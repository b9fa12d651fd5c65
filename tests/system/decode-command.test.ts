// Question: does `gengfu decode` answer each line with one line, in order, in the form that outside programs check?
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const program = join(import.meta.dirname, '../../bin/gengfu.js')

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

function decode(lines: readonly (object | string)[]): Answer[] {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, 'decode'], {
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

test('one press over three topics is one alarm; what is ignored or unreadable says why; dialects mix', () => {
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

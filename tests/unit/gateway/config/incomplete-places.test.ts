// Question: does check-config list the values that the place itself must provide?
import { expect, it } from 'vitest'
import { findIncompletePlaces } from '../../../../gateway/config/incomplete-places.ts'
import { parseGatewayConfig } from '../../../../gateway/config/config.ts'

const pathsOf = (devices: object[]): string[] => {
  const mqtt = { listeners: [{ host: '127.0.0.1', port: 1883 }] }
  const text = JSON.stringify({ box: { id: 'upper-brook' }, dataDir: 'data', mqtt, devices })
  const config = parseGatewayConfig(text, '/nowhere')
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return findIncompletePlaces(config.value).map(({ path }) => path)
}

it('names a gauge without its lowest level, and no other device', () => {
  const devices = [
    { id: 'button-1', kind: 'button' },
    { id: 'creek', kind: 'water', water: { minMm: 0, warningMm: 2000 } },
    { id: 'pond', kind: 'water', water: { warningMm: 2000 } },
    { id: 'ditch', kind: 'water' },
  ]
  expect(pathsOf(devices)).toEqual(['devices.2.water.minMm', 'devices.3.water.minMm'])
})

it('names a mounting height that has no effect: a device with the native messages sends its level itself', () => {
  const gauge = { kind: 'water', water: { minMm: 0 }, mountingHeightMm: 5000 }
  const devices = [
    { ...gauge, id: 'native' },
    { ...gauge, id: 'board', dialect: 'tasmota', base: 'creek' },
  ]
  expect(pathsOf(devices)).toEqual(['devices.0.mountingHeightMm'])
})

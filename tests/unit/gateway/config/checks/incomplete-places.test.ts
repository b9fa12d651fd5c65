// Question: does check-config list the values that the place itself must provide, and panels whose break-ins would raise nothing?
import { expect, it } from 'vitest'
import {
  findDisarmedPanels,
  findIncompletePlaces,
} from '../../../../../gateway/config/checks/incomplete-places.ts'
import { parseGatewayConfig } from '../../../../../gateway/config/config.ts'

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

const zones = [
  { id: 'shop', armed: true },
  { id: 'home' },
  { id: 'night', armed: true, schedule: [{ from: '22:00', to: '06:00' }] },
]

function panelsOf(devices: object[]): string[] {
  const mqtt = { listeners: [{ host: '127.0.0.1', port: 1883 }] }
  const bridges = [
    { id: 'panels', dialect: 'dc09', dc09: {} },
    { id: 'zigbee', dialect: 'zigbee2mqtt' },
  ]
  const text = JSON.stringify({ box: { id: 'upper-brook' }, dataDir: 'data', mqtt, bridges, zones, devices })
  const config = parseGatewayConfig(text, '/nowhere')
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return findDisarmedPanels(config.value).map(({ path }) => path)
}

it('names each device of a panel that is in no zone, a disarmed one or one with a schedule, and no other device', () => {
  const panel = { kind: 'contact', via: 'panels' }
  expect(
    panelsOf([
      { ...panel, id: 'door-1', address: '1234.001', zone: 'shop' },
      { ...panel, id: 'door-2', address: '1234.002', zone: 'home' },
      { ...panel, id: 'door-3', address: '1234.003' },
      { ...panel, id: 'door-4', address: '1234.004', zone: 'night', kind: 'motion' },
      { ...panel, id: 'call-5', address: '1234.005', zone: 'home', kind: 'button' },
      { id: 'door-6', kind: 'contact', via: 'zigbee', address: 'door 6', zone: 'home' },
      { id: 'door-7', kind: 'contact', zone: 'home' },
    ]),
  ).toEqual(['devices.1.zone', 'devices.2.zone', 'devices.3.zone'])
})

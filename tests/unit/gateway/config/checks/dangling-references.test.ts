// Are the parts of a configuration without effect named?
import { describe, expect, it } from 'vitest'
import { parseGatewayConfig } from '../../../../../gateway/config/config.ts'
import { findDanglingReferences } from '../../../../../gateway/config/checks/dangling-references.ts'

const whole = `
box: { id: stone-bridge-1 }
dataDir: ./data
mqtt: { listeners: [{ port: 1883 }], anonymous: true }
pictures: { keyFile: ./key }
zones: [{ id: shop, cameras: [cam-1], schedule: [{ from: '21:30', to: '06:00' }] }]
cameras: [{ id: cam-1, zone: shop, host: 10.0.0.9, user: box }]
devices:
  - { id: door-001, kind: door, zone: shop }
  - { id: siren-001, kind: siren }
  - { id: sign-001, kind: led-sign }
rules:
  - { id: r1, when: { devices: [door-001, cam-1], during: { from: '21:30', to: '06:00' } }, device: siren-001, do: siren }
  - { id: r2, when: { kinds: [water] }, device: sign-001, do: sign, with: { text: 水 } }
`

function endsOf(text: string): string[] {
  const config = parseGatewayConfig(text, '/')
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return findDanglingReferences(config.value).map(({ path }) => path)
}

describe('findDanglingReferences', () => {
  it('finds none in a whole configuration', () => {
    expect(endsOf(whole)).toEqual([])
  })

  it.each([
    ['a rule for a siren that is not there', 'device: siren-001', 'device: sirene-001', 'rules.0.device'],
    ['a rule that makes a sensor act', 'device: siren-001', 'device: door-001', 'rules.0.device'],
    ['a siren asked of a sign', 'device: siren-001', 'device: sign-001', 'rules.0.device'],
    ['a sign asked of a siren', 'device: sign-001', 'device: siren-001', 'rules.1.device'],
    ['a rule about a device that is not there', '[door-001,', '[door-01,', 'rules.0.when.devices'],
    ['a zone with a camera that is not there', '[cam-1],', '[cam-2],', 'zones.0.cameras'],
    ['a camera of a zone that is not there', 'zone: shop, host', 'zone: shp, host', 'cameras.0.zone'],
    ['a camera without its password', 'pictures: { keyFile: ./key }', '', 'cameras.0.passwordFile'],
    [
      'an empty span of a zone',
      "schedule: [{ from: '21:30', to: '06:00'",
      "schedule: [{ from: '22:00', to: '22:00'",
      'zones.0.schedule.0',
    ],
    [
      'an empty span of a rule',
      "during: { from: '21:30', to: '06:00'",
      "during: { from: '22:00', to: '22:00'",
      'rules.0.when.during',
    ],
  ])('names %s', (_name, right, wrong, path) => {
    expect(whole).toContain(right)
    expect(endsOf(whole.replace(right, wrong))).toEqual([path])
  })
})

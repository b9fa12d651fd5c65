// Is each open access in a configuration named?
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { parseGatewayConfig } from '../../../../../gateway/config/config.ts'
import { findInsecureSettings } from '../../../../../gateway/config/checks/insecure-settings.ts'

function doorsOf(listeners: string, rest = '', folder = '/'): string[] {
  const text = `box: { id: stone-bridge-1 }\ndataDir: ./data\nmqtt: { listeners: [${listeners}], ${rest} }`
  const config = parseGatewayConfig(text, folder)
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return findInsecureSettings(config.value).map(({ path }) => path)
}

it('names listeners off loopback that ask for no proof or are in plain text', () => {
  const tls = 'tls: { certFile: c, keyFile: k, caFile: a, requireClientCertificate: true }'
  expect(doorsOf('{ host: 127.0.0.1 }', 'anonymous: true')).toEqual([])
  expect(doorsOf('{ host: 0.0.0.0 }')).toEqual(['mqtt.listeners.0.tls'])
  expect(doorsOf('{ host: 0.0.0.0 }', 'anonymous: true')).toEqual([
    'mqtt.listeners.0',
    'mqtt.listeners.0.tls',
  ])
  expect(doorsOf(`{ host: 0.0.0.0, ${tls} }`, 'anonymous: true')).toEqual([])
})

it('names secret files that every user of the machine may read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'open-doors-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'passwords')
  writeFileSync(file, '')
  chmodSync(file, 0o640)
  expect(doorsOf('{ port: 1 }', 'passwordFile: passwords', folder)).toEqual([])
  chmodSync(file, 0o644)
  expect(doorsOf('{ port: 1 }', 'passwordFile: passwords', folder)).toEqual(['mqtt.passwordFile'])
})

// Does the box name what is wrong with its files for the town, and read them again only from time to time?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseGatewayConfig, type GatewayConfig } from '../../../../gateway/config/config.ts'
import { BoxFindings, missingSecrets, wrongCertificates } from '../../../../gateway/health/file-findings.ts'

function configIn(folder: string): GatewayConfig {
  const config = parseGatewayConfig(
    JSON.stringify({
      box: { id: 'upper-brook' },
      dataDir: 'data',
      mqtt: { listeners: [{ port: 0 }], passwordFile: 'passwords' },
      uplink: { url: 'mqtts://town:8883', caFile: 'ca', certFile: 'crt', keyFile: 'key' },
      rules: [{ id: 'r', when: { colours: ['red'] }, device: 'siren-9', do: 'siren' }],
    }),
    folder,
  )
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return config.value
}

test('names missing secrets, certificates that can not be read, rules that lead nowhere, and refused devices', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-findings-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const config = configIn(folder)
  expect(missingSecrets(config).map(({ about }) => about)).toEqual(['mqtt.passwordFile'])
  expect(wrongCertificates(config, undefined).map(({ about }) => about)).toContain('uplink.certFile')
  let nowMs = 0
  let knocking: object[] = []
  const findings = new BoxFindings({
    config,
    monotonicMs: () => nowMs,
    wallMs: () => undefined,
    knocking: () => knocking as never,
  })
  const codes = (): string[] => [...new Set(findings.read().map(({ code }) => code))]
  expect(codes()).toEqual(['certificate-wrong', 'secret-missing', 'config-idle'])
  writeFileSync(join(folder, 'passwords'), '')
  knocking = [{ address: 'door-7', refused: { zh: '密码错误', en: 'wrong password' } }, { address: 'door-8' }]
  expect(codes()).toEqual(['certificate-wrong', 'secret-missing', 'config-idle', 'device-refused'])
  nowMs += 300_000
  expect(codes()).toEqual(['certificate-wrong', 'config-idle', 'device-refused'])
  expect(findings.read().at(-1)).toEqual({
    code: 'device-refused',
    about: 'door-7',
    facts: { device: 'door-7', why: 'wrong password' },
  })
})

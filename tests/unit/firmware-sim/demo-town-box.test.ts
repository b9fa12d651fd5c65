// The configuration that the demo writes for its town box, read by the gateway's own parser.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseGatewayConfig } from '../../../gateway/config/config.ts'
import { pushCommand, townBoxConfig } from '../../../firmware-sim/demo-town-box.ts'

test('the town box of the demo has a configuration that the gateway takes, and prints a push with its own token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-town-box-'))
  const ports = { uplink: 1, townMqtt: 2, townConsole: 3, townPush: 4 }
  try {
    const config = parseGatewayConfig(JSON.stringify(townBoxConfig(folder, ports)), folder)
    expect(config).toMatchObject({
      ok: true,
      value: { push: { port: 4 }, bridges: [{ id: 'vendor' }], devices: [{ address: 'SN000001' }] },
    })
    // A second start keeps the token.
    townBoxConfig(folder, ports)
    expect(pushCommand(folder, ports)).toMatch(/Bearer [\w-]{32}'.*"sos".*:4\/push\/vendor\//)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

// The town box of the demo: a second gateway beside the centre, for devices with a SIM card that cannot reach a village.
// Their vendor's platform pushes to it by HTTP; `gengfu demo --town-box` starts it.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const serial = 'SN000001'

interface TownBoxPorts {
  uplink: number
  townMqtt: number
  townConsole: number
  townPush: number
}

export function townBoxConfig(folder: string, ports: TownBoxPorts): object {
  const tokenFile = join(folder, 'vendor.token')
  if (!existsSync(tokenFile))
    writeFileSync(tokenFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  return {
    box: { id: '320612100000-1', name: '镇级网关 Town box' },
    dataDir: join(folder, 'town-box'),
    mqtt: { listeners: [{ host: '127.0.0.1', port: ports.townMqtt }], anonymous: true },
    uplink: { url: `mqtt://127.0.0.1:${ports.uplink}` },
    console: { host: '127.0.0.1', port: ports.townConsole },
    push: { host: '127.0.0.1', port: ports.townPush },
    bridges: [{ id: 'vendor', dialect: 'mapping', mapping: 'client-heartbeat-4g', tokenFile }],
    zones: [{ id: 'lone-houses', name: '独居户 Houses alone' }],
    devices: [
      {
        id: 'button-4g',
        kind: 'button',
        name: '李爷爷家 Grandpa Li',
        zone: 'lone-houses',
        via: 'vendor',
        address: serial,
      },
    ],
  }
}

/** The command that pushes a call for help as the vendor's platform does. */
export function pushCommand(folder: string, { townPush }: TownBoxPorts): string {
  const token = readFileSync(join(folder, 'vendor.token'), 'utf8').trim()
  const body = JSON.stringify({ command: 'alarm', serial, message: { type: 'sos' } })
  return `push curl -s -H 'Authorization: Bearer ${token}' -d '${body}' http://127.0.0.1:${townPush}/push/vendor/device/x/up`
}

// Does a Mosquitto bridge with its default settings connect, deliver its device's events, and reconnect?
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestBroker, type TestBroker } from '../../kits/broker/test-broker.ts'
import { WireClient } from '../../kits/broker/wire-client.ts'

let test: TestBroker
let folder: string
let bridge: ChildProcess
let localPort: number

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

beforeAll(async () => {
  test = await startTestBroker()
  folder = await mkdtemp(join(tmpdir(), 'gengfu-bridge-'))
  localPort = await freePort()
  const file = join(folder, 'mosquitto.conf')
  // As in docs/device-makers.md; everything else is Mosquitto's default, notifications included.
  await writeFile(
    file,
    `listener ${localPort} 127.0.0.1
allow_anonymous true
user root
connection gengfu
address 127.0.0.1:${test.port}
remote_clientid bridge-1
topic event out 1 local/ gengfu/v1/bridge-1/
topic command in 0 local/ gengfu/v1/bridge-1/
`,
  )
  bridge = spawn('mosquitto', ['-c', file], { stdio: 'ignore' })
}, 80_000)

afterAll(async () => {
  bridge.kill()
  await test.broker.stop()
  await rm(folder, { recursive: true })
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}

it('is let in, passes events and commands on, and nothing of it is refused', async () => {
  await until(() => test.broker.sightingOf('bridge-1').state === 'connected')
  const sensor = await WireClient.connect(localPort, { clientId: 'sensor' })
  await sensor.subscribe(['local/command', 0])
  expect(await sensor.publishKept('local/event', '{"id":"1-1","button":"pressed"}')).toBe(true)
  await until(() => test.accepted.length > 0)
  expect(test.accepted).toMatchObject([{ device: 'bridge-1', topic: 'gengfu/v1/bridge-1/event' }])
  await test.broker.publish('gengfu/v1/bridge-1/command', '{"id":"c-1","do":"siren","seconds":5}')
  expect((await sensor.message()).topic).toBe('local/command')
  expect(test.log.filter(({ msg }) => msg === 'refused a device')).toEqual([])
  sensor.cut()
}, 80_000)

// The device listener by a form: a bare box lets the village's devices in, encrypted with a certificate that it makes itself.
import { createServer, type AddressInfo } from 'node:net'
import { connect, createServer as createTlsServer } from 'node:tls'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerAnswer } from '../../../../../protocols/console/installing.ts'
import { onBox, openConsoleKit, type ConsoleKit } from '../../../../kits/console/console-kit.ts'

let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit({ mqtt: { listeners: [{ host: '127.0.0.1', port: 1883 }] } })
})
afterEach(() => kit.stop())

const set = (body: object) => kit.ask(onBox, 'POST', '/api/v1/listener', { body })
const read = async (): Promise<ListenerAnswer> =>
  (await kit.ask(onBox, 'GET', '/api/v1/listener')).body as unknown as ListenerAnswer
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

it('opens the village with a certificate of its own, which a device can check, and closes it again', async () => {
  expect(await read()).toMatchObject({ who: 'box', hasAuthority: false })
  expect((await kit.ask(onBox, 'GET', '/api/v1/listener/ca.crt')).status).toBe(404)
  const port = await freePort()
  expect((await set({ who: 'village-tls', port })).status).toBe(200)
  kit.reopen()
  expect(await read()).toMatchObject({ who: 'village-tls', port, hasAuthority: true, isAnonymous: false })
  const { listeners } = kit.installing.config.mqtt
  expect(listeners.map(({ host, port: on }) => `${host}:${on}`)).toEqual([
    '127.0.0.1:1883',
    `0.0.0.0:${port}`,
  ])
  const { certFile = '', keyFile = '' } = listeners[1]?.tls ?? {}
  const ca = (await kit.ask(onBox, 'GET', '/api/v1/listener/ca.crt')).text
  const server = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proven = await new Promise((resolve) => {
    const to = (server.address() as AddressInfo).port
    const socket = connect({ port: to, host: '127.0.0.1', ca, servername: 'gengfu.local' }, () => {
      resolve(socket.authorized)
      socket.destroy()
    })
    socket.on('error', resolve)
  })
  server.close()
  expect(proven).toBe(true)
  // Devices that have the authority go on: only the server's certificate is new.
  expect((await set({ who: 'village-tls', port })).status).toBe(200)
  expect((await kit.ask(onBox, 'GET', '/api/v1/listener/ca.crt')).text).toBe(ca)
  kit.reopen()
  expect((await set({ who: 'box' })).status).toBe(200)
  kit.reopen()
  expect(kit.installing.config.mqtt.listeners).toMatchObject([{ host: '127.0.0.1', port: 1883 }])
})

it('never leaves two listeners on one port, and refuses a port that another program has', async () => {
  expect((await set({ who: 'village' })).status).toBe(200)
  kit.reopen()
  expect(kit.installing.config.mqtt.listeners).toMatchObject([{ host: '0.0.0.0', port: 1883 }])
  expect(await read()).toMatchObject({ who: 'village', port: 1883 })
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '0.0.0.0', resolve))
  const { port } = other.address() as AddressInfo
  const refused = await set({ who: 'village', port })
  other.close()
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('port')])
})

it('is refused where the file lets devices in that are anyone', async () => {
  await kit.stop()
  kit = await openConsoleKit({ mqtt: { listeners: [{ host: '127.0.0.1', port: 1883 }], access: 'open' } })
  expect((await set({ who: 'village', port: await freePort() })).status).toBe(400)
})

// Do simulated devices authenticate: by password, and by a client certificate over TLS?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { Aedes, type Client } from 'aedes'
import { expect, onTestFinished, test } from 'vitest'
import { readCredentials } from '../../../firmware-sim/links/credentials.ts'
import { createVillage } from '../../../firmware-sim/village/village.ts'
import { createAuthority } from '../../kits/broker/certificates.ts'
import { until } from '../../kits/system/firmware-sim-broker.ts'

const quickly = { firstMs: 20, maxMs: 100 }

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-sim-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

async function startTlsBroker(needsCertificate: boolean, authenticate?: Aedes['authenticate']) {
  const authority = await createAuthority()
  const ca = authority.cert
  const aedes = await Aedes.createBroker(authenticate ? { authenticate } : {})
  const subjects = new Map<string, string>()
  aedes.on('client', (client: Client) => {
    subjects.set(client.id, String((client.conn as TLSSocket).getPeerCertificate().subject?.CN))
  })
  const { cert, key } = await authority.issueServer()
  const server = createServer({
    cert,
    key,
    ca,
    requestCert: needsCertificate,
    rejectUnauthorized: needsCertificate,
  })
  server.on('secureConnection', (socket) => aedes.handle(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await new Promise<void>((resolve) => aedes.close(resolve))
    await new Promise((resolve) => server.close(resolve))
  })
  return { ca, authority, subjects, url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('each device shows its own certificate, and one without is not heard', async () => {
  const broker = await startTlsBroker(true)
  const certDir = newFolder()
  const caFile = join(certDir, 'ca.pem')
  writeFileSync(caFile, broker.ca)
  for (const id of ['button-001', 'door-001']) {
    const { cert, key } = await broker.authority.issueDevice(id)
    writeFileSync(join(certDir, `${id}.crt`), cert)
    writeFileSync(join(certDir, `${id}.key`), key)
  }
  const common = { seed: 7, devices: 2, url: broker.url, reportIntervalMs: 0, backOff: quickly }
  const village = createVillage({ ...common, credential: readCredentials({ certDir, caFile }) })
  const stranger = createVillage({ ...common, credential: readCredentials({ caFile }) })
  onTestFinished(() => {
    village.stop()
    stranger.stop()
  })
  stranger.start()
  stranger.press('button-001')
  village.start()
  village.press('button-001')
  await until('the press was acknowledged', () => village.tally.acked === 1)
  await until('both are connected', () => village.statistics().connected === 2)
  expect(broker.subjects).toEqual(
    new Map([
      ['button-001', 'button-001'],
      ['door-001', 'door-001'],
    ]),
  )
  expect(stranger.statistics()).toMatchObject({ connects: 0, acked: 0, waiting: 1 })
})

test('a device does not talk to a box whose certificate its authority did not sign', async () => {
  const broker = await startTlsBroker(false)
  const other = await createAuthority('another authority')
  const reasons: string[] = []
  const village = createVillage({
    seed: 7,
    devices: 1,
    url: broker.url,
    reportIntervalMs: 0,
    backOff: quickly,
    credential: () => ({ tls: { ca: other.cert } }),
    onLink: (_id, _isUp, reason) => reasons.push(reason),
  })
  onTestFinished(() => village.stop())
  village.start()
  await until('it tried twice', () => reasons.length >= 2)
  expect(reasons[0]).toMatch(/certificate/)
  expect(village.statistics().connects).toBe(0)
})

test('user name is the device id, and the password is the one of the file', async () => {
  const seen: string[] = []
  const broker = await startTlsBroker(false, (_client, user, password, done) => {
    seen.push(`${user}:${password?.toString()}`)
    done(null, password?.toString() === 'right')
  })
  const passwordFile = join(newFolder(), 'passwords')
  writeFileSync(passwordFile, 'button-001:right\n*:wrong\n')
  const credential = readCredentials({ passwordFile })
  const village = createVillage({
    seed: 7,
    devices: 2,
    url: broker.url,
    reportIntervalMs: 0,
    backOff: quickly,
    credential: (id) => ({ ...credential(id), tls: { ca: broker.ca } }),
  })
  onTestFinished(() => village.stop())
  village.start()
  await until('both have tried', () => seen.includes('button-001:right') && seen.includes('door-001:wrong'))
  await until('one is connected', () => village.statistics().connected === 1)
  expect(village.door('door-001').device.link.session).toBeUndefined()
})

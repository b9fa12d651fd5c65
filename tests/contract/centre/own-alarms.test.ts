// Question: does the centre itself report to the desk that a box is at two places and that a certificate expires, and
// withdraw it?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { connect } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AlarmsAnswer, VillagesAnswer } from '../../../protocols/desk/api.ts'
import { createAuthority, type Issued, type TestAuthority } from '../../kits/broker/certificates.ts'
import { dropFolder, makeFolder, startCentre, until, type CentreUnderTest } from './centre-parts.ts'

const dayMs = 86_400_000
let folder: string
let authority: TestAuthority
let running: CentreUnderTest
const file = (name: string): string => join(folder, name)

async function putServer(days: number): Promise<void> {
  const { cert, key } = await authority.issueServer(undefined, {
    notAfter: new Date(Date.now() + days * dayMs),
  })
  writeFileSync(file('key.pem'), key)
  writeFileSync(file('cert.pem'), cert)
}

function start(): Promise<CentreUnderTest> {
  const tls = { certFile: file('cert.pem'), keyFile: file('key.pem') }
  const listeners = [{ host: '127.0.0.1', port: 0, tls: { ...tls, caFile: file('ca.pem') } }]
  return startCentre(folder, { config: { uplink: { listeners } } })
}

beforeAll(async () => {
  folder = makeFolder()
  authority = await createAuthority()
  writeFileSync(file('ca.pem'), authority.cert)
  await putServer(20)
  running = await start()
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

async function standing(kind: string): Promise<AlarmsAnswer['alarms']> {
  const answer = await running.get('/api/v1/alarms', running.token())
  const { alarms } = (await answer.json()) as AlarmsAnswer
  return alarms.filter((alarm) => alarm.kind === kind)
}

async function connectBox({ cert, key }: Issued): Promise<void> {
  const client = connect(running.centre.uplinkUrls[0] ?? '', {
    ca: authority.cert,
    cert,
    key,
    clientId: 'box-a',
    reconnectPeriod: 0,
  })
  client.on('error', () => undefined)
  await new Promise<void>((resolve) => client.once('connect', () => resolve()))
  await client.endAsync()
}

const shownByUplink = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(running.centre.uplinkUrls[0] ?? '')
    const socket = connectTls({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().valid_to)
      socket.destroy()
    })
    socket.on('error', reject)
  })

const soon = async () => {
  const answer = (await (await running.get('/api/v1/villages', running.token())).json()) as VillagesAnswer
  return answer
}

test("a listener's certificate that expires in 20 days is reported until its file contains a new one", async () => {
  const [raised] = await until(async () => {
    const found = await standing('certificate-expires')
    return found.length > 0 && found
  })
  expect(raised).toMatchObject({ variant: 'uplink-0', colour: 'blue', boxName: '镇中心 Town centre' })
  const { certificates, villages } = await soon()
  expect(certificates?.map(({ use }) => use)).toEqual(['uplink-0'])
  // The centre is no village.
  expect(villages.map(({ id }) => id)).not.toContain('-centre')
  expect(await running.centre.registry.metrics()).toMatch(/certificate_ends_seconds\{use="authority-0"\} \d+/)
  const before = await shownByUplink()

  await putServer(800)
  await until(async () => (await standing('certificate-expires')).length === 0)
  await until(async () => (await shownByUplink()) !== before)
  expect((await soon()).certificates).toEqual([])
}, 120_000)

test('what a restart remembers ends when the certificate was renewed meanwhile; SIGHUP reads at once', async () => {
  await putServer(10)
  await running.centre.reload()
  await until(async () => (await standing('certificate-expires')).length === 1)
  await running.centre.stop()
  await putServer(800)
  running = await start()
  await until(async () => (await standing('certificate-expires')).length === 0)
  expect((await soon()).certificates).toEqual([])
}, 120_000)

test('the certificate of a box is reported under its own name, until it presents a new one', async () => {
  await connectBox(await authority.issueDevice('box-a', { notAfter: new Date(Date.now() + 29 * dayMs) }))
  const [raised] = await until(async () => {
    const found = await standing('certificate-expires')
    return found.length > 0 && found
  })
  expect(raised).toMatchObject({ box: 'box-a', colour: 'blue' })
  await connectBox(await authority.issueDevice('box-a', { notAfter: new Date(Date.now() + 31 * dayMs) }))
  await until(async () => (await standing('certificate-expires')).length === 0)
})

test('two certificates of one box that take turns are an alarm of the desk', async () => {
  const [own, stolen] = [await authority.issueDevice('box-b'), await authority.issueDevice('box-b')]
  await connectBox(own)
  await connectBox(stolen)
  await connectBox(own)
  expect(await standing('box-doubled')).toEqual([])
  await connectBox(stolen)
  const [raised] = await until(async () => {
    const found = await standing('box-doubled')
    return found.length > 0 && found
  })
  expect(raised).toMatchObject({ box: 'box-b', colour: 'orange', state: 'unacknowledged' })
})

// Question: does a real box reach a real centre over TLS with its certificate alone, under its own name only, and does
// a box that does not trust the centre's authority send it nothing?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { VillagesAnswer } from '../../../protocols/desk/api.ts'
import { createAuthority, writeTlsFiles, type TestAuthority } from '../../kits/broker/certificates.ts'
import { createTown, freePort, type TestTown } from '../../kits/system/programs.ts'
import { deskRows, storedEventIds, until } from '../../kits/system/town-steps.ts'

const boxId = '320612104201-1'

let folder: string
let town: TestTown
let uplinkPort: number
let trusted: TestAuthority

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-certificates-'))
  uplinkPort = await freePort()
  trusted = await createAuthority()
})
afterEach(async () => {
  await town.close()
  rmSync(folder, { recursive: true, force: true })
})

const endingIn = (days: number): { notAfter: Date } => ({
  notAfter: new Date(Date.now() + days * 86_400_000),
})

/** A town whose box presents a certificate of `box` and trusts `authority`. */
async function createSecureTown(box: string, authority: TestAuthority, days?: number): Promise<void> {
  const { certFile, keyFile, caFile } = await writeTlsFiles(folder, trusted, '')
  const own = await trusted.issueDevice(box, days === undefined ? {} : endingIn(days))
  const files = {
    caFile: join(folder, 'box-ca.pem'),
    certFile: join(folder, 'box.pem'),
    keyFile: join(folder, 'box.key'),
  }
  writeFileSync(files.caFile, authority.cert)
  writeFileSync(files.certFile, own.cert)
  writeFileSync(files.keyFile, own.key)
  town = await createTown(
    {
      devices: [{ id: 'button-1', kind: 'button' }],
      uplink: { url: `mqtts://127.0.0.1:${uplinkPort}`, ...files },
    },
    {
      uplink: {
        listeners: [{ host: '127.0.0.1', port: uplinkPort, tls: { certFile, keyFile, caFile } }],
        anonymous: false,
      },
    },
  )
}

async function press(id = '1-1'): Promise<void> {
  const client = connect(`mqtt://127.0.0.1:${town.ports.mqtt}`, { clientId: 'button-1' })
  await client.publishAsync('gengfu/v1/button-1/event', `{"id":"${id}","button":"pressed"}`, { qos: 1 })
  await client.endAsync()
}

it('brings a press to the desk over mqtts with the certificate of the box, also after SIGHUP', async () => {
  await createSecureTown(boxId, trusted)
  await town.startCentre()
  const gateway = await town.startGateway()
  await press()
  await until(async () => (await deskRows(town)).some(({ device }) => device === 'button-1'))
  expect(await storedEventIds(town)).toEqual(['button-1 1-1'])
  // Without a handler of its own the signal ends a process.
  process.kill(gateway.pid, 'SIGHUP')
  await gateway.said('SIGHUP: certificates, keys, passwords and revocations are read again')
  await press('1-2')
  await until(async () => (await storedEventIds(town)).length === 2)
}, 80_000)

it('a certificate of the box that ends within 30 days is an alarm at the desk, until SIGHUP reads a newer one', async () => {
  await createSecureTown(boxId, trusted, 300)
  await town.startCentre()
  const gateway = await town.startGateway()
  await press()
  await until(async () => (await deskRows(town)).some(({ device }) => device === 'button-1'))
  const endingSoon = async (): Promise<string[]> =>
    ((await town.get<VillagesAnswer>('/api/v1/villages')).certificates ?? []).map(({ use }) => use)
  expect(await endingSoon()).toEqual([])
  expect((await deskRows(town)).filter(({ kind }) => kind === 'certificate-expires')).toEqual([])
  for (const [days, expected] of [
    [29, [boxId]],
    [300, []],
  ] as const) {
    const own = await trusted.issueDevice(boxId, endingIn(days))
    writeFileSync(join(folder, 'box.pem'), own.cert)
    writeFileSync(join(folder, 'box.key'), own.key)
    process.kill(gateway.pid, 'SIGHUP')
    await until(async () => (await endingSoon()).join(' ') === expected.join(' '))
    const rows = (await deskRows(town)).filter(({ kind }) => kind === 'certificate-expires')
    expect(rows.map(({ box, colour }) => [box, colour])).toContainEqual([boxId, 'blue'])
  }
}, 120_000)

it('brings nothing with the certificate of another box, or to a centre that the box does not trust', async () => {
  const stranger = await createAuthority('another authority')
  for (const [box, authority] of [
    ['320612104201-2', trusted],
    [boxId, stranger],
  ] as const) {
    await createSecureTown(box, authority)
    await town.startCentre()
    const gateway = await town.startGateway()
    await press()
    const { reason } = await gateway.said('no link to the centre')
    expect(String(reason)).toMatch(authority === stranger ? /certificate/ : /closed|ended|refused/)
    expect(await storedEventIds(town)).toEqual([])
    await town.close()
  }
}, 60_000)

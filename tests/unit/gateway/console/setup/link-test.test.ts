// The link test: each part fails with its own words and remedy, against real servers, and the later parts are left out then.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTcp } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createServer as createTls, type Server } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runLinkTest, targetOf, tlsProblem } from '../../../../../gateway/console/setup/link-test.ts'
import { uplinkSettingsSchema } from '../../../../../gateway/config/uplink-settings.ts'
import { createAuthority } from '../../../../kits/broker/certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-link-'))
let server: Server
let port = 0
let caFile = ''
let otherFile = ''

beforeAll(async () => {
  const [authority, other] = [await createAuthority(), await createAuthority('another')]
  const { cert, key } = await authority.issueServer()
  ;[caFile, otherFile] = [join(folder, 'ca.crt'), join(folder, 'other.crt')]
  writeFileSync(caFile, authority.cert)
  writeFileSync(otherFile, other.cert)
  server = createTls({ cert, key })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})

const clock = { quality: 'synced', atMs: 0, offsetMs: 900 } as const
const up = {
  state: 'connected',
  forMs: 1,
  lastReceiptAgoMs: 5000,
  roundTripMs: 42.4,
  bytesPerSecond: 8000,
} as const
const run = async (url: string | undefined, more: object = {}, health: object = {}) => {
  const uplink = url === undefined ? undefined : uplinkSettingsSchema.parse({ url, ...more })
  const { checks } = await runLinkTest({
    uplink,
    health: () => Promise.resolve({ clock, link: up, ...health }),
  })
  return checks.map(({ check, isGood }) => `${check} ${isGood ? 'good' : 'wrong'}`)
}

it('passes every part against a centre of the right authority', async () => {
  expect(await run(`mqtts://127.0.0.1:${port}`, { caFile })).toEqual([
    'name good',
    'tcp good',
    'tls good',
    'clock good',
    'receipt good',
    'round-trip good',
  ])
})

it('stops at the first part that fails, and still shows the clock', async () => {
  expect(await run(undefined)).toEqual(['centre wrong'])
  expect(await run('mqtts://no-such-name.invalid:8883')).toEqual(['name wrong', 'clock good'])
  const closed = createTcp()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port: free } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  expect(await run(`mqtts://127.0.0.1:${free}`)).toEqual(['name good', 'tcp wrong', 'clock good'])
})

it('finds a centre of another authority: nothing is trusted', async () => {
  expect(await run(`mqtts://127.0.0.1:${port}`, { caFile: otherFile })).toEqual([
    'name good',
    'tcp good',
    'tls wrong',
    'clock good',
  ])
  expect(tlsProblem('SELF_SIGNED_CERT_IN_CHAIN').text.en).toContain('not your centre')
  expect(tlsProblem('CERT_NOT_YET_VALID').text.en).toContain('clock')
  expect(tlsProblem('').remedy?.en).toContain('revoked')
})

it('names a missing Receipt, and clocks that are not set or differ', async () => {
  const url = `mqtts://127.0.0.1:${port}`
  const silent = { link: { state: 'waiting', forMs: 1 } }
  expect((await run(url, { caFile }, silent)).at(-1)).toBe('receipt wrong')
  expect(await run(url, { caFile }, { clock: { quality: 'unsynced', atMs: 0 } })).toContain('clock wrong')
  expect(await run(url, { caFile }, { clock: { ...clock, isDoubted: true } })).toContain('clock wrong')
})

it('tests the way to the proxy where there is one', () => {
  expect(targetOf({ url: 'wss://town.example/up', proxyUrl: 'http://proxy:8080' })).toMatchObject({
    host: 'proxy',
    port: 8080,
    isSecure: false,
  })
  expect(targetOf({ url: 'wss://town.example/up' })).toMatchObject({ port: 443, isSecure: true })
})

// Does a box get its certificate with a code that is never said, exactly once; does a centre that is not the one of the code get and give
// nothing; and is a box that was locked out cut off at once?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { openAuthority } from '../../../../centre/enrolment/authority.ts'
import { enrolWithCentre, renewAtCentre } from '../../../../gateway/config/enrolment/enrol-with-centre.ts'
import {
  placeEnrolledFiles,
  readEnrolled,
  type Enrolled,
} from '../../../../gateway/config/enrolment/enrolled-file.ts'
import type {
  CertificatesAnswer,
  EnrolmentsAnswer,
  NewEnrolmentAnswer,
} from '../../../../protocols/desk/villages/enrolments.ts'
import { parseEnrolmentUrl, type EnrolmentLink } from '../../../../protocols/enrolment/enrolment-code.ts'
import { createAuthority } from '../../../kits/broker/certificates.ts'
import { createSteppedClock } from '../../../kits/system/box-in-process.ts'
import {
  dropFolder,
  enrolmentSettings,
  makeFolder,
  startCentre,
  type CentreUnderTest,
} from '../centre-parts.ts'

const box = '320612104201-1'
const waitMs = 60_000
const clock = createSteppedClock()
let folder: string
let config: object
let running: CentreUnderTest
let installer: string
let chief: string
let undo: (() => void)[] = []

beforeAll(async () => {
  folder = makeFolder()
  const server = await (await createAuthority()).issueServer()
  const at = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const enrolment = await enrolmentSettings(folder)
  const caFile = join(folder, 'town-ca.crt')
  const tls = { certFile: at('centre.crt', server.cert), keyFile: at('centre.key', server.key), caFile }
  config = { uplink: { listeners: [{ host: '127.0.0.1', port: 0, tls }] }, enrolment }
  running = await startCentre(folder, { config, clock })
  installer = running.token('installer', 'fitter')
  chief = running.token('admin', 'chief')
})
afterEach(() => {
  for (const one of undo) one()
  undo = []
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

const boxFolder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'gengfu-enrol-'))
  undo.push(() => rmSync(made, { recursive: true }))
  return made
}

async function newCode(id = box): Promise<EnrolmentLink & { made: NewEnrolmentAnswer }> {
  const answer = await running.post('/api/v1/enrolments', chief, { box: id, name: '上溪' })
  expect(answer.status).toBe(200)
  const made = (await answer.json()) as NewEnrolmentAnswer
  const link = parseEnrolmentUrl(made.url)
  if (!link.ok) throw new Error(made.url)
  return { ...link.value, centre: running.centre.httpUrl, made }
}

async function enrolled(link: EnrolmentLink, dataDir = boxFolder()): Promise<Enrolled> {
  const done = await enrolWithCentre({ dataDir, link })
  if (!done.ok) throw new Error(JSON.stringify(done.problems))
  return done.value
}

/** Connects as the box does, with the files for TLS; resolves with the session, or with undefined when it is refused. */
async function session(one: Enrolled): Promise<MqttClient | undefined> {
  const files = placeEnrolledFiles(boxFolder(), one)
  const [url = ''] = running.centre.uplinkUrls
  const client = connect(url, {
    clientId: one.box,
    reconnectPeriod: 0,
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    rejectUnauthorized: false,
  })
  undo.push(() => void client.end(true))
  return new Promise((resolve) => {
    client.on('connect', () => resolve(client))
    client.on('error', () => resolve(undefined))
    client.on('close', () => resolve(undefined))
  })
}

it('a code gives a box its name, its certificate and the way to the centre, and connects it', async () => {
  const link = await newCode()
  const dataDir = boxFolder()
  const got = await enrolled(link, dataDir)
  expect(got).toMatchObject({ box, name: '上溪', uplinkUrl: 'mqtts://town.example:8883' })
  expect(readEnrolled(dataDir)).toEqual({ ok: true, value: got })
  expect(await session(got)).toBeDefined()
  const { enrolments } = (await (
    await running.get('/api/v1/enrolments', installer)
  ).json()) as EnrolmentsAnswer
  expect(enrolments[0]).toMatchObject({ box, by: 'token:chief', usedAtMs: expect.any(Number) as number })
  expect(JSON.stringify(enrolments)).not.toContain(link.code)
})

it('the same box may ask again, since an answer can be lost; another key gets nothing', async () => {
  const link = await newCode()
  const dataDir = boxFolder()
  const first = await enrolled(link, dataDir)
  const { certificate, key } = first
  expect(await enrolled(link, dataDir)).toMatchObject({ certificate, key })
  const thief = await enrolWithCentre({ dataDir: boxFolder(), link })
  expect(thief).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('was used already') as string }],
  })
})

it('a code ends with its time, by hand, and by a newer one of the box', async () => {
  const late = await newCode()
  clock.offsetMs += 3_600_001
  expect((await enrolWithCentre({ dataDir: boxFolder(), link: late })).ok).toBe(false)
  const older = await newCode()
  const newer = await newCode()
  expect((await enrolWithCentre({ dataDir: boxFolder(), link: older })).ok).toBe(false)
  const { enrolments } = (await (await running.get('/api/v1/enrolments', chief)).json()) as EnrolmentsAnswer
  const end = `/api/v1/enrolments/${enrolments[0]?.id}/end`
  expect((await running.post(end, chief)).status).toBe(200)
  expect((await running.post(end, chief)).status).toBe(404)
  expect((await enrolWithCentre({ dataDir: boxFolder(), link: newer })).ok).toBe(false)
})

/** Stands between box and centre. */
function between(answer: (body: string) => Promise<string> | string): Promise<string> {
  const server: Server = createServer((request, reply) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      void Promise.resolve(answer(body)).then((text) => reply.end(text))
    })
  })
  undo.push(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

it('a centre in the middle learns no code, and is believed nothing', async () => {
  const link = await newCode()
  const heard: string[] = []
  const other = await createAuthority('Other')
  const forged = await between((body) => {
    heard.push(body)
    const issued = JSON.stringify({
      box,
      certificate: other.cert,
      authority: other.cert,
      uplinkUrl: 'mqtts://evil:1',
    })
    return JSON.stringify({ issued, proof: '0'.repeat(64) })
  })
  const dataDir = boxFolder()
  const refused = await enrolWithCentre({ dataDir, link: { ...link, centre: forged } })
  expect(refused).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('nothing was taken') as string }],
  })
  expect(readEnrolled(dataDir)).toBeUndefined()
  expect(heard.join()).not.toContain(link.code)
  // With the proof that it heard, it gets no certificate for a key of its own.
  const { id, proof } = JSON.parse(heard[0] ?? '') as { id: string; proof: string }
  const keys = boxFolder()
  const own: string[] = []
  const spy = await between((body) => (own.push(body), ''))
  await enrolWithCentre({ dataDir: keys, link: { centre: spy, code: '0000-0000-0000-0' } })
  const { request } = JSON.parse(own[0] ?? '') as { request: string }
  expect((await running.post('/enrol', undefined, { id, request, proof })).status).toBe(404)
  // A true answer with another address inside is refused too.
  const changed = await between(async (body) => {
    const true_ = await (await running.post('/enrol', undefined, JSON.parse(body) as object)).text()
    return true_.replaceAll('town.example', 'evil.example')
  })
  expect((await enrolWithCentre({ dataDir, link: { ...link, centre: changed } })).ok).toBe(false)
  expect(await enrolled(link, dataDir)).toMatchObject({ box })
})

it('the authority in the QR code counts, whoever knows the code', async () => {
  const link = await newCode()
  const refused = await enrolWithCentre({
    dataDir: boxFolder(),
    link: { ...link, authority: 'ab'.repeat(32) },
  })
  expect(refused).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('QR code') as string }],
  })
})

it('a new code for a box locks the old one out when it is used, and its session ends', async () => {
  const old = await enrolled(await newCode())
  const client = await session(old)
  expect(client).toBeDefined()
  const closed = new Promise<void>((resolve) => void client?.once('close', () => resolve()))
  const replaced = await enrolled(await newCode())
  await closed
  expect(await session(old)).toBeUndefined()
  expect(await session(replaced)).toBeDefined()
})

it('an installer makes codes for new boxes, and takes over none that is in use', async () => {
  const ask = async (id: string): Promise<number> =>
    (await running.post('/api/v1/enrolments', installer, { box: id })).status
  expect(await ask('320612104201-7')).toBe(200)
  await enrolled(await newCode('320612104201-7'))
  expect(await ask('320612104201-7')).toBe(403)
})

it('a certificate is renewed with itself, for the same box, and not when it is revoked', async () => {
  const old = await enrolled(await newCode())
  const renewed = await renewAtCentre(old, clock.wallMs())
  expect(await session(old)).toBeDefined()
  if (!renewed.ok) throw new Error(JSON.stringify(renewed.problems))
  expect(renewed.value.key).not.toBe(old.key)
  const lifeMs = 730 * 86_400_000
  expect(Math.abs(renewed.value.renewAtMs - clock.wallMs() - (lifeMs * 2) / 3)).toBeLessThan(600_000)
  expect(await session(renewed.value)).toBeDefined()
  // The new one was used: the old one is over.
  await vi.waitFor(async () => expect(await session(old)).toBeUndefined(), waitMs)
  expect(await session(renewed.value)).toBeDefined()
  expect((await renewAtCentre({ ...renewed.value, key: old.key }, clock.wallMs())).ok).toBe(false)
  expect((await running.post(`/api/v1/boxes/${box}/revoke`, chief)).status).toBe(200)
  expect((await renewAtCentre(old, clock.wallMs())).ok).toBe(false)
  expect((await renewAtCentre(renewed.value, clock.wallMs())).ok).toBe(false)
})

it('a box that was locked out stays so after a restart of the centre', { timeout: waitMs }, async () => {
  const got = await enrolled(await newCode())
  const client = await session(got)
  const closed = new Promise<void>((resolve) => void client?.once('close', () => resolve()))
  const answer = await running.post(`/api/v1/boxes/${box}/revoke`, chief)
  expect(await answer.json()).toMatchObject({ serials: [expect.any(String)] })
  await closed
  expect(await session(got)).toBeUndefined()
  await running.centre.stop()
  // Also without the authority: taken off line, or with a key that can not be read.
  const { authority, ...rest } = (config as { enrolment: { authority: object } }).enrolment
  for (const enrolment of [undefined, { ...rest, authority: { ...authority, keyFile: '/no/such/key' } }]) {
    running = await startCentre(folder, { config: { ...config, enrolment }, clock })
    expect(await session(got)).toBeUndefined()
    expect((await running.post('/api/v1/enrolments', chief, { box: '320612104201-8' })).status).toBe(404)
    await running.centre.stop()
  }
  running = await startCentre(folder, { config, clock })
  expect(await session(got)).toBeUndefined()
  const all = (await (
    await running.get(`/api/v1/certificates?box=${box}`, chief)
  ).json()) as CertificatesAnswer
  expect(all.certificates.every(({ revokedAtMs }) => revokedAtMs !== undefined)).toBe(true)
})

it('guesses of one address are slowed down, and requests without sense are refused', async () => {
  const ask = async (): Promise<number> =>
    (await running.post('/enrol', undefined, { id: 'a'.repeat(64), request: 'x', proof: 'b'.repeat(64) }))
      .status
  expect(await ask()).toBe(400)
  const spare = boxFolder()
  let status = ''
  await vi.waitFor(
    async () => {
      const refused = await enrolWithCentre({
        dataDir: spare,
        link: { centre: running.centre.httpUrl, code: '0000-0000-0000-0' },
      })
      status = refused.ok ? 'ok' : (refused.problems[0]?.message ?? '')
      expect(status).toContain('too many attempts')
    },
    { timeout: waitMs, interval: 1 },
  )
})

it('an authority whose key is another is refused at the start', async () => {
  const [one, other] = [await createAuthority('One'), await createAuthority('Other')]
  await expect(openAuthority(one.cert, other.key)).rejects.toThrow('does not belong')
})

it('a code that was made for one machine is of no use on another one', async () => {
  const asked = { box: 'box-of-sn', serial: 'SN-0042' }
  const answer = await running.post('/api/v1/enrolments', chief, asked)
  const { url } = (await answer.json()) as NewEnrolmentAnswer
  const link = parseEnrolmentUrl(url)
  if (!link.ok) throw new Error(url)
  const on = (serial: string | undefined) =>
    enrolWithCentre({ dataDir: boxFolder(), link: { ...link.value, centre: running.centre.httpUrl }, serial })
  expect(await on('SN-0043')).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('another machine') as string }],
  })
  expect((await on('SN-0042')).ok).toBe(true)
  const { enrolments } = (await (
    await running.get('/api/v1/enrolments?box=box-of-sn', chief)
  ).json()) as EnrolmentsAnswer
  expect(enrolments[0]).toMatchObject({ serial: 'SN-0042', usedAtMs: expect.any(Number) as number })
  expect((await running.post('/api/v1/enrolments', chief, { box: 'b', serial: 'a b' })).status).toBe(400)
})

// Do boxes follow the centre to another authority without a visit: with both generations connected during the overlap over real TLS, the old
// one refused afterwards, and no stranger able to lead a box away?
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createPrivateKey } from 'node:crypto'
import { connect as tlsConnect } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import {
  beginRotation,
  endRotation,
  isIssuedBy,
  trustingFiles,
} from '../../../../centre/enrolment/change-authority.ts'
import { openAuthorities } from '../../../../centre/enrolment/authority-set.ts'
import { runCentre } from '../../../../centre/main.ts'
import { askAuthorities, enrolWithCentre } from '../../../../gateway/config/enrolment/enrol-with-centre.ts'
import {
  placeEnrolledFiles,
  readEnrolled,
  writeEnrolled,
  type Enrolled,
} from '../../../../gateway/config/enrolment/enrolled-file.ts'
import { followAuthority } from '../../../../gateway/config/enrolment/follow-authority.ts'
import { startRenewal } from '../../../../gateway/config/enrolment/renewal.ts'
import { parseAuthorities } from '../../../../platform/certificates/certificate-check.ts'
import { nextOf } from '../../../../platform/certificates/next-file.ts'
import type { NewEnrolmentAnswer } from '../../../../protocols/desk/villages/enrolments.ts'
import type { AuthorityStatement } from '../../../../protocols/enrolment/messages.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createAuthority, type TestAuthority } from '../../../kits/broker/certificates.ts'
import {
  dropFolder,
  enrolmentSettings,
  makeFolder,
  startCentre,
  until,
  type CentreUnderTest,
} from '../centre-parts.ts'

let folder: string
let file: string
let running: CentreUnderTest
let chief: string
let servers: TestAuthority
let undo: (() => void)[] = []
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = makeFolder()
  servers = await createAuthority('Servers')
  const server = await servers.issueServer()
  writeFileSync(at('centre.crt'), server.cert)
  writeFileSync(at('centre.key'), server.key)
  const enrolment = await enrolmentSettings(folder)
  const tls = { certFile: at('centre.crt'), keyFile: at('centre.key'), caFile: at('town-ca.crt') }
  const config = { enrolment, uplink: { listeners: [{ host: '127.0.0.1', port: 0, tls }] } }
  file = at('centre.yaml')
  writeFileSync(file, JSON.stringify({ dataDir: folder, http: { host: '127.0.0.1', port: 0 }, ...config }))
  running = await startCentre(folder, { config })
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

function boxFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'gengfu-auth-'))
  undo.push(() => rmSync(made, { recursive: true }))
  return made
}
async function enrol(box: string): Promise<{ dataDir: string; enrolled: Enrolled }> {
  const { code } = (await (
    await running.post('/api/v1/enrolments', chief, { box })
  ).json()) as NewEnrolmentAnswer
  const dataDir = boxFolder()
  const done = await enrolWithCentre({ dataDir, link: { centre: running.centre.httpUrl, code } })
  if (!done.ok) throw new Error(JSON.stringify(done.problems))
  return { dataDir, enrolled: done.value }
}
/** As the box connects, with the files for TLS; undefined when it is refused. */
async function session(one: Enrolled): Promise<MqttClient | undefined> {
  const files = placeEnrolledFiles(boxFolder(), one)
  const [url = ''] = running.centre.uplinkUrls
  const client = connect(url, {
    clientId: one.box,
    reconnectPeriod: 0,
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    ca: servers.cert,
  })
  undo.push(() => void client.end(true))
  return new Promise((resolve) => {
    client.on('connect', () => resolve(client))
    client.on('error', () => resolve(undefined))
    client.on('close', () => resolve(undefined))
  })
}
/** Looks once, as the box does every six hours. */
async function look(dataDir: string): Promise<Enrolled> {
  const clock = new VirtualClock()
  const stop = startRenewal({ dataDir, clock, isClockKept: () => true, logger: pino({ level: 'silent' }) })
  const before = readFileSync(join(dataDir, 'enrolment', 'enrolled.json'), 'utf8')
  clock.advance(11 * 60_000)
  const file = join(dataDir, 'enrolment', 'enrolled.json')
  for (let turn = 0; turn < 60 && readFileSync(file, 'utf8') === before; turn++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  stop()
  const now = readEnrolled(dataDir)
  if (!now?.ok) throw new Error('no enrolment')
  return now.value
}
async function command(...words: string[]): Promise<{ text: string; code: number }> {
  const lines: string[] = []
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => lines.push(String(text)) > 0),
  )
  await runCentre(['authority', ...words, ...(words.includes('--config') ? [] : ['--config', file])])
  for (const spy of spies) spy.mockRestore()
  const code = Number(process.exitCode ?? 0)
  process.exitCode = 0
  return { text: lines.join(''), code }
}
const statement = async (): Promise<AuthorityStatement> => {
  const asked = await askAuthorities({ centreUrl: running.centre.httpUrl })
  if (!asked.ok) throw new Error('no statement')
  return asked.value
}
const countOf = async (): Promise<number> =>
  (JSON.parse((await statement()).statement) as { authorities: string[] }).authorities.length

it('both generations connect during the overlap, each box follows by itself, and the old one is refused after it', async () => {
  const [follower, sleeper] = [await enrol('box-follows'), await enrol('box-sleeps')]
  expect((await look(follower.dataDir)).certificate).toBe(follower.enrolled.certificate)
  const begun = await command('rotate')
  expect([begun.code, begun.text.includes('.next')]).toEqual([0, true])
  expect((await command('rotate')).text).toContain('under way')
  await until(async () => (await countOf()) === 2)
  await running.centre.reload()

  // The old one still connects; the box that looks gets both authorities and a certificate of the new one in one step.
  expect(await session(follower.enrolled)).toBeDefined()
  const renewed = await look(follower.dataDir)
  expect(renewed.certificate).not.toBe(follower.enrolled.certificate)
  expect(renewed.authority.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  expect(await session(renewed)).toBeDefined()
  expect(await session(sleeper.enrolled)).toBeDefined()
  // A box that is enrolled now trusts both at once.
  const fresh = await enrol('box-new')
  expect(fresh.enrolled.authority.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  expect(await session(fresh.enrolled)).toBeDefined()

  const status = await command('status')
  expect(status.text).toContain('box-sleeps')
  expect(status.text).not.toContain('box-follows')
  const early = await command('end')
  expect([early.code, early.text.includes('box-sleeps')]).toEqual([2, true])
  expect((await command('end', '--force')).code).toBe(0)
  await until(async () => (await countOf()) === 1)
  await running.centre.reload()
  expect(await session(sleeper.enrolled)).toBe(undefined)
  const alone = await look(follower.dataDir)
  expect(alone.authority.match(/BEGIN CERTIFICATE/g)).toHaveLength(1)
  expect([alone.certificate, await session(alone)]).toEqual([renewed.certificate, expect.anything()])
  // The one that slept keeps what it has; a new code brings it back.
  const asleep = await look(sleeper.dataDir)
  expect(asleep).toEqual(sleeper.enrolled)
  expect(await session((await enrol('box-sleeps')).enrolled)).toBeDefined()
  expect((await command('end')).code).toBe(2)
}, 120_000)

it('during the change the centre gets a server certificate that boxes with the old, the new or both authorities trust', async () => {
  const own = makeFolder()
  undo.push(() => dropFolder(own))
  const enrolment = await enrolmentSettings(own)
  const inOwn = (name: string): string => join(own, name)
  const town = await createAuthority('Town')
  writeFileSync(inOwn('town-ca.crt'), town.cert)
  writeFileSync(inOwn('town-ca.key'), town.key)
  const { cert, key } = await town.issueServer()
  writeFileSync(inOwn('centre.crt'), cert)
  writeFileSync(inOwn('centre.key'), key)
  const tls = { certFile: inOwn('centre.crt'), keyFile: inOwn('centre.key'), caFile: inOwn('town-ca.crt') }
  const config = { enrolment, uplink: { listeners: [{ host: '127.0.0.1', port: 0, tls }] } }
  const ofOwn = inOwn('centre.yaml')
  writeFileSync(ofOwn, JSON.stringify({ dataDir: own, http: { host: '127.0.0.1', port: 0 }, ...config }))
  const centre = await startCentre(own, { config })
  const port = Number(new URL(centre.centre.uplinkUrls[0] ?? '').port)
  /** The answer of a TLS client that trusts these authorities alone: who issued what it got, or why it went. */
  const issuerSeen = (ca: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = tlsConnect({ host: '127.0.0.1', port, ca, ...clientPair })
      socket.on('secureConnect', () => {
        resolve(String(socket.getPeerCertificate().issuer.CN))
        socket.destroy()
      })
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
  const device = await town.issueDevice('box-old')
  const clientPair = { cert: device.cert, key: device.key }
  try {
    const oldCa = readFileSync(inOwn('town-ca.crt'), 'utf8')
    expect(await issuerSeen(oldCa)).toBe('Town')
    expect((await command('rotate', '--config', ofOwn)).text).toContain('authority server')
    const [newCa = ''] = readFileSync(nextOf(inOwn('town-ca.crt')), 'utf8').split(
      /(?<=-----END CERTIFICATE-----\n)/,
    )
    const both = `${oldCa}\n${newCa}`
    await centre.centre.reload()
    // A box that has followed trusts both until the end; one that trusts the new one alone needs the new certificate.
    expect(await issuerSeen(both)).toBe('Town')
    expect(await issuerSeen(newCa)).not.toMatch(/^Town/)
    expect((await command('server', '--config', ofOwn)).code).toBe(0)
    await centre.centre.reload()
    for (const ca of [oldCa, newCa, both]) expect(await issuerSeen(ca)).toMatch(/^Town \d{4}-/)
    // The same key, and the same names: the check of the name still holds.
    const [leaf] = parseAuthorities(readFileSync(inOwn('centre.crt'), 'utf8'))
    expect(leaf?.checkPrivateKey(createPrivateKey(key))).toBe(true)
    expect(leaf?.subjectAltName).toBe(parseAuthorities(cert)[0]?.subjectAltName)
    const stranger = await createAuthority('Town')
    expect(await issuerSeen(stranger.cert)).not.toMatch(/^Town/)
    expect((await command('end', '--force', '--config', ofOwn)).code).toBe(0)
    await centre.centre.reload()
    expect(await issuerSeen(newCa)).toMatch(/^Town \d{4}-/)
    expect((await command('server', '--config', ofOwn)).code).toBe(0)
    await centre.centre.reload()
    expect(await issuerSeen(newCa)).toMatch(/^Town \d{4}-/)
    expect(await issuerSeen(oldCa)).not.toMatch(/^Town/)
  } finally {
    await centre.centre.stop()
  }
}, 120_000)

it('a stranger with an authority of his own leads no box away, nor does a list that he cut', async () => {
  const { dataDir, enrolled } = await enrol('box-firm')
  const foreign = await createAuthority('Town')
  const place = boxFolder()
  const [certFile, keyFile] = [join(place, 'f.crt'), join(place, 'f.key')]
  writeFileSync(certFile, foreign.cert)
  writeFileSync(keyFile, foreign.key)
  const lie = (await openAuthorities({ certFile, keyFile })).statement
  expect(followAuthority(enrolled, lie).ok).toBe(false)
  // With the right authority in his list, but not signed by it.
  const true_ = await statement()
  expect(followAuthority(enrolled, { ...true_, signature: lie.signature }).ok).toBe(false)
  expect(followAuthority(enrolled, { ...true_, statement: lie.statement }).ok).toBe(false)
  expect(followAuthority(enrolled, { ...true_, statement: 'no JSON' }).ok).toBe(false)
  // A cross certificate of his own.
  await beginRotation({ certFile, keyFile }, [], Date.now(), 30)
  expect(followAuthority(enrolled, (await openAuthorities({ certFile, keyFile })).statement).ok).toBe(false)
  expect(followAuthority(enrolled, true_)).toEqual({ ok: true, value: undefined })
  writeEnrolled(dataDir, enrolled)
})

it('a kill between two files of a change is continued by the same command', async () => {
  const place = boxFolder()
  const authority = await createAuthority('Town')
  const files = { certFile: join(place, 'ca.crt'), keyFile: join(place, 'ca.key') }
  writeFileSync(files.certFile, authority.cert)
  writeFileSync(files.keyFile, authority.key)
  const other = join(place, 'listener.crt')
  writeFileSync(other, authority.cert)
  const trusting = trustingFiles([other, files.certFile], files.certFile)
  expect(trusting).toHaveLength(2)
  // The key was written, the certificate not.
  writeFileSync(nextOf(files.keyFile), 'half')
  expect((await openAuthorities(files)).pem.match(/BEGIN/g)).toHaveLength(1)
  expect(await beginRotation(files, trusting, Date.now(), 30)).toBe('begun')
  expect(await beginRotation(files, trusting, Date.now(), 30)).toBe('under-way')
  expect(readFileSync(other, 'utf8').match(/BEGIN/g)).toHaveLength(2)
  const both = await openAuthorities(files)
  expect(both.pem.match(/BEGIN/g)).toHaveLength(2)
  // The end was cut off after the key had taken its place: the centre signs on, and the command ends it.
  const kept = readFileSync(nextOf(files.keyFile), 'utf8')
  renameSync(nextOf(files.keyFile), files.keyFile)
  writeFileSync(nextOf(files.keyFile), kept)
  expect((await openAuthorities(files)).hash).toBe(both.hash)
  expect(await endRotation(files, trusting)).toBe('ended')
  expect([existsSync(nextOf(files.certFile)), readFileSync(other, 'utf8').match(/BEGIN/g)?.length]).toEqual([
    false,
    1,
  ])
  expect((await openAuthorities(files)).hash).toBe(both.hash)
  expect(await endRotation(files, trusting)).toBe('nothing')
  const server = await authority.issueServer()
  writeFileSync(join(place, 's.crt'), server.cert)
  expect([
    isIssuedBy(join(place, 's.crt'), authority.cert),
    isIssuedBy(join(place, 's.crt'), readFileSync(files.certFile, 'utf8')),
  ]).toEqual([true, false])
})

// Question: which clients may enter at the centre's TLS listener, and what may they publish and subscribe?
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
import {
  createAuthority,
  writeTlsFiles,
  type Issued,
  type TestAuthority,
} from '../../../kits/broker/certificates.ts'
import {
  dropFolder,
  epoch,
  makeEvent,
  makeFolder,
  startCentre,
  until,
  type CentreUnderTest,
} from '../centre-parts.ts'

type Action = (client: MqttClient) => Promise<unknown>

let folder: string
let strict: CentreUnderTest
let open: CentreUnderTest
let authority: TestAuthority
let known: Record<string, Issued>

beforeAll(async () => {
  folder = makeFolder()
  authority = await createAuthority()
  const stranger = await createAuthority('another authority')
  const day = 86_400_000
  known = {
    own: await authority.issueDevice('box-a'),
    other: await authority.issueDevice('box-b'),
    expired: await authority.issueDevice('box-a', {
      notBefore: new Date(Date.now() - 3 * day),
      notAfter: new Date(Date.now() - day),
    }),
    early: await authority.issueDevice('box-a', {
      notBefore: new Date(Date.now() + day),
      notAfter: new Date(Date.now() + 3 * day),
    }),
    foreign: await stranger.issueDevice('box-a'),
    server: await authority.issueServer(),
    nameless: await authority.issueDevice('Box A/../#'),
  }
  const { certFile, keyFile, caFile } = await writeTlsFiles(folder, authority, '')
  const passwordFile = join(folder, 'passwords')
  writeFileSync(passwordFile, 'box-a:right password\nbox-b:another password\n')
  const config = (anonymous: boolean) => ({
    uplink: {
      listeners: [{ host: '127.0.0.1', port: 0, tls: { certFile, keyFile, caFile } }],
      anonymous,
      passwordFile,
    },
  })
  strict = await startCentre(join(folder, 'strict'), { config: config(false) })
  open = await startCentre(join(folder, 'open'), { config: config(true) })
})
afterAll(async () => {
  await strict.centre.stop()
  await open.centre.stop()
  dropFolder(folder)
})

/** Connects as the test says, does one thing, disconnects. */
async function attempt(centre: CentreUnderTest, options: IClientOptions, action: Action): Promise<string> {
  const client = connect(centre.centre.uplinkUrls[0] ?? '', {
    clientId: 'box-a',
    reconnectPeriod: 0,
    ca: authority.cert,
    ...options,
  })
  const ended = new Promise<string>((resolve) => {
    client.once('error', () => resolve('refused'))
    client.once('close', () => resolve('refused'))
  })
  const done = new Promise<string>((resolve) => {
    client.once('connect', () => {
      action(client).then(
        () => resolve('allowed'),
        () => resolve('refused'),
      )
    })
  })
  const outcome = await Promise.race([ended, done])
  client.end(true)
  return outcome
}

const publish =
  (box: string): Action =>
  (client) => {
    const report = { v: 1, epoch, lane: 'routine', first: 1, records: [makeEvent(1)] }
    return client.publishAsync(`up/${box}/routine`, Buffer.from(encodeJson(report)), { qos: 1 })
  }
const subscribe =
  (topic: string): Action =>
  (client) =>
    client.subscribeAsync(topic, { qos: 1 })

const actions: [string, Action][] = [
  ['connect', async () => {}],
  ['publish as a', publish('box-a')],
  ['publish as b', publish('box-b')],
  ['hear a', subscribe('down/box-a/receipt')],
  ['hear b', subscribe('down/box-b/receipt')],
  ['hear all', subscribe('#')],
  ['hear any box', subscribe('down/+/receipt')],
]

const nothing: string[] = []
const asBoxA = ['connect', 'publish as a', 'hear a']
const asBoxB = ['connect', 'publish as b', 'hear b']
const withCertificate = (name: string): IClientOptions => {
  const { cert, key } = known[name] ?? { cert: '', key: '' }
  return { cert, key }
}

/** Names of the permitted actions, each tried on a separate connection. */
async function rights(centre: CentreUnderTest, options: IClientOptions): Promise<string[]> {
  const allowed: string[] = []
  for (const [name, action] of actions)
    if ((await attempt(centre, options, action)) === 'allowed') allowed.push(name)
  return allowed
}

describe.each([
  ['closed to strangers', () => strict],
  ['open to strangers', () => open],
])('a centre %s', (_name, centre) => {
  it.each([
    ['the certificate of box a', 'own', asBoxA],
    ['the certificate of box b, whatever name it gives itself', 'other', asBoxB],
    ['an expired certificate', 'expired', nothing],
    ['a certificate that is not valid yet', 'early', nothing],
    ['a certificate of another authority', 'foreign', nothing],
    ['a certificate made for servers', 'server', nothing],
    ['a certificate whose name can be no box', 'nameless', nothing],
  ])('grants to %s its own topics only', async (_what, name, expected) => {
    expect(await rights(centre(), withCertificate(name))).toEqual(expected)
  })

  it.each([
    ['the right password', { username: 'box-a', password: 'right password' }, asBoxA],
    ['a wrong password', { username: 'box-a', password: 'wrong password' }, nothing],
    ['the password of another box', { username: 'box-a', password: 'another password' }, nothing],
    ['a box that has no password', { username: 'box-c', password: '' }, nothing],
  ])('grants to %s its own topics only', async (_what, options, expected) => {
    expect(await rights(centre(), options)).toEqual(expected)
  })

  it('does not let a wrong certificate be made good by a right password', async () => {
    const options = { ...withCertificate('foreign'), username: 'box-a', password: 'right password' }
    expect(await rights(centre(), options)).toEqual(nothing)
  })
})

describe('a box without certificate and password', () => {
  it('is refused by a centre closed to strangers', async () => {
    expect(await rights(strict, {})).toEqual(nothing)
  })

  it('has its own name and nothing else at a centre open to strangers', async () => {
    expect(await rights(open, {})).toEqual(asBoxA)
  })

  it('is refused under a name that can be no box', async () => {
    expect(await rights(open, { clientId: 'Box A' })).toEqual(nothing)
  })
})

it('refuses clients that trust another authority, and plain MQTT', async () => {
  const stranger = await createAuthority('another authority')
  expect(await attempt(open, { ca: stranger.cert }, async () => {})).toBe('refused')
  const port = Number(new URL(open.centre.uplinkUrls[0] ?? '').port)
  const client = connect({ host: '127.0.0.1', port, clientId: 'box-a', reconnectPeriod: 0 })
  const outcome = await new Promise<string>((resolve) => {
    client.once('connect', () => resolve('connected'))
    client.once('error', () => resolve('refused'))
    client.once('close', () => resolve('refused'))
  })
  client.end(true)
  expect(outcome).toBe('refused')
})

it('shuts out a box that is revoked or not admitted any more, also in the midst of its session', async () => {
  const [revokedFile, admittedFile] = [join(folder, 'revoked'), join(folder, 'admitted')]
  writeFileSync(revokedFile, '# none yet\n')
  writeFileSync(admittedFile, 'box-a\nbox-b\n')
  const { certFile, keyFile, caFile } = await writeTlsFiles(folder, authority, '')
  const listeners = [{ host: '127.0.0.1', port: 0, tls: { certFile, keyFile, caFile } }]
  const guarded = await startCentre(join(folder, 'guarded'), {
    config: { uplink: { listeners, revokedFile, admittedFile } },
  })
  const url = guarded.centre.uplinkUrls[0] ?? ''
  const enter = async ({ key, cert }: Issued, clientId: string): Promise<MqttClient> => {
    const client = connect(url, { clientId, key, cert, rejectUnauthorized: false, reconnectPeriod: 0 })
    client.on('error', () => undefined)
    await new Promise<void>((resolve) => {
      client.once('connect', () => resolve())
      client.once('close', () => resolve())
    })
    return client
  }
  const ended = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()))
  const { own, other } = known
  if (!own || !other) throw new Error('no certificates')
  try {
    const [a, b] = [await enter(own, 'box-a'), await enter(other, 'box-b')]
    expect([a.connected, b.connected]).toEqual([true, true])
    const isCut = ended(a)
    const { fingerprint256 } = new X509Certificate(own.cert)
    writeFileSync(revokedFile, `${fingerprint256} # stolen\n`)
    await isCut
    expect([(await enter(own, 'box-a')).connected, b.connected]).toEqual([false, true])
    const isDropped = ended(b)
    writeFileSync(admittedFile, 'box-a\n')
    await isDropped
    expect((await enter(other, 'box-b')).connected).toBe(false)
    // An unreadable list changes nothing.
    writeFileSync(admittedFile, 'Box A!\n')
    await guarded.centre.reload()
    expect((await enter(other, 'box-b')).connected).toBe(false)
  } finally {
    await guarded.centre.stop()
  }
}, 60_000)

it('counts no session of a connection that is gone: a box that hung up or was taken over many times is let in', async () => {
  const options: IClientOptions = {
    ...withCertificate('other'),
    clientId: 'box-b',
    ca: authority.cert,
    reconnectPeriod: 0,
  }
  /** Hangs up this long after its TLS handshake: while the centre works on its CONNECT. */
  const hangUp = (afterMs: number): Promise<void> =>
    new Promise((resolve) => {
      const client = connect(strict.centre.uplinkUrls[0] ?? '', options)
      client.on('error', () => undefined)
      client.once('close', () => {
        client.end(true)
        resolve()
      })
      client.stream.once('secureConnect', () => setTimeout(() => client.stream.destroy(), afterMs))
    })
  // Side by side they also take over each other.
  for (let round = 0; round < 5; round++) await Promise.all([0, 1, 2, 3, 5].map(hangUp))
  const letIn = await until(
    async () => (await attempt(strict, options, () => Promise.resolve())) === 'allowed',
  )
  expect(letIn).toBe(true)
})

// Permissions: every kind of client against every action, in strict access.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashPassword } from '../../../gateway/broker/credentials/passwords.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import {
  createAuthority,
  writeTlsFiles,
  type Issued,
  type TestAuthority,
} from '../../kits/broker/certificates.ts'
import { startTestBroker, type TestBroker } from '../../kits/broker/test-broker.ts'
import { WireClient, type ConnectChoice } from '../../kits/broker/wire-client.ts'

let folder: string
let authority: TestAuthority
let closed: TestBroker
let anonymous: TestBroker
const issued: Record<string, Issued> = {}

interface Visitor {
  /** Return code of CONNACK. */
  welcome: number
  to?: 'anonymous'
  certificate?: string
  choice?: ConnectChoice
}

const visitors: Record<string, Visitor> = {
  'a device with its password': { welcome: 0, choice: { username: 'dev-1', password: 'right' } },
  'a device with its certificate': { welcome: 0, certificate: 'dev-1' },
  'another device': { welcome: 0, choice: { username: 'dev-2', password: 'right too' } },
  'another device with a certificate': { welcome: 0, certificate: 'dev-2' },
  'an anonymous device where that is allowed': { welcome: 0, to: 'anonymous', choice: { clientId: 'dev-3' } },
  'a device with a wrong password': { welcome: 4, choice: { username: 'dev-1', password: 'wrong' } },
  'a device without its password': { welcome: 4, choice: { username: 'dev-1' } },
  'a device without an entry': { welcome: 4, choice: { username: 'dev-9', password: 'right' } },
  'an anonymous device': { welcome: 5, choice: { clientId: 'dev-1' } },
  'an anonymous device under the name of one with a password': {
    welcome: 5,
    to: 'anonymous',
    choice: { clientId: 'dev-1' },
  },
  'an expired certificate': { welcome: 5, certificate: 'expired' },
  'a revoked certificate': { welcome: 5, certificate: 'revoked' },
  'a certificate of another authority': { welcome: 5, certificate: 'foreign' },
  'a certificate that is not valid yet': { welcome: 5, certificate: 'early' },
  'a revoked certificate with the right password': {
    welcome: 5,
    certificate: 'revoked',
    choice: { username: 'dev-1', password: 'right' },
  },
}

async function open({ to, certificate }: Visitor): Promise<WireClient> {
  const broker = to === 'anonymous' ? anonymous : closed
  if (certificate === undefined) return WireClient.open(broker.port)
  const { cert, key } = issued[certificate] as Issued
  const port = closed.broker.addresses()[1]?.port ?? 0
  const socket = connectTls({ host: '127.0.0.1', port, ca: authority.cert, cert, key })
  await once(socket, 'secureConnect')
  return new WireClient(socket)
}

/** Its own name, and the name of another device. */
const ownName = (visitor: Visitor): string =>
  visitor.choice?.username ?? visitor.certificate ?? visitor.choice?.clientId ?? ''

let clientNumber = 0
async function enter(
  visitor: Visitor,
  more: ConnectChoice = {},
): Promise<{ client: WireClient; code: number }> {
  const client = await open(visitor)
  const code = await client.connect({ clientId: `c${++clientNumber}`, ...visitor.choice, ...more })
  return { client, code }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'broker-matrix-'))
  authority = await createAuthority()
  const dayMs = 86_400_000
  issued['dev-1'] = await authority.issueDevice('dev-1')
  issued['dev-2'] = await authority.issueDevice('dev-2')
  issued['expired'] = await authority.issueDevice('dev-1', {
    notBefore: new Date(Date.now() - 9 * dayMs),
    notAfter: new Date(Date.now() - 2 * dayMs),
  })
  issued['early'] = await authority.issueDevice('dev-1', {
    notBefore: new Date(Date.now() + 2 * dayMs),
    notAfter: new Date(Date.now() + 9 * dayMs),
  })
  issued['revoked'] = await authority.issueDevice('dev-1')
  issued['foreign'] = await (await createAuthority('another authority')).issueDevice('dev-1')
  const tls = await writeTlsFiles(folder, authority, await authority.crl([issued['revoked']]))
  const passwordFile = join(folder, 'passwords')
  const random = createSystemRandom()
  const lines = [
    `dev-1:${await hashPassword('right', random)}`,
    `dev-2:${await hashPassword('right too', random)}`,
  ]
  await writeFile(passwordFile, lines.join('\n'))
  closed = await startTestBroker({
    settings: {
      anonymous: false,
      passwordFile,
      listeners: [
        { host: '127.0.0.1', port: 0, webSocket: false },
        { host: '127.0.0.1', port: 0, webSocket: false, tls },
      ],
    },
  })
  anonymous = await startTestBroker({ settings: { anonymous: true, passwordFile } })
})

afterAll(async () => {
  await closed.broker.stop()
  await anonymous.broker.stop()
  await rm(folder, { recursive: true, force: true })
})

describe.each(Object.entries(visitors))('%s', (_name, visitor) => {
  const own = ownName(visitor)
  const isWelcome = visitor.welcome === 0
  const accepted = () => (visitor.to === 'anonymous' ? anonymous : closed).accepted

  it(`gets CONNACK ${visitor.welcome}`, async () => {
    const { client, code } = await enter(visitor)
    expect(code).toBe(visitor.welcome)
    if (!isWelcome) await client.closed()
    client.cut()
  })

  it('publishes its own events when welcome, and nothing else', async () => {
    for (const [topic, mayPublish] of [
      [`gengfu/v1/${own}/event`, true],
      [`gengfu/v1/${own}/result`, true],
      [`gengfu/v1/${own}/presence`, true],
      [`gengfu/v1/${own}/command`, false],
      [`gengfu/v1/${own}/receipt`, false],
      [`gengfu/v1/${own}/event/more`, false],
      ['gengfu/v1/dev-7/event', false],
      ['gengfu/v1/dev-7/presence', false],
      ['zigbee2mqtt/door', false],
      ['$SYS/broker/new/clients', false],
      ['$SYS', false],
      ['anything', false],
    ] as const) {
      const before = accepted().length
      const { client } = await enter(visitor)
      expect([topic, await client.publishKept(topic, '{"id":"1-1"}')]).toEqual([
        topic,
        isWelcome && mayPublish,
      ])
      const isKept = ['/event', '/result', '/presence'].some((channel) => topic.endsWith(channel))
      expect(
        accepted()
          .slice(before)
          .map(({ device }) => device),
      ).toEqual(isWelcome && mayPublish && isKept ? [own] : [])
      client.cut()
    }
  })

  it('subscribes to its own commands and receipts when welcome, and gets 0x80 for anything else', async () => {
    const { client } = await enter(visitor)
    const filters: [string, number][] = [
      [`gengfu/v1/${own}/command`, 1],
      [`gengfu/v1/${own}/receipt`, 1],
      [`gengfu/v1/${own}/#`, 1],
      [`gengfu/v1/${own}/+`, 1],
      [`gengfu/v1/${own}/event`, 128],
      [`gengfu/v1/+/command`, 128],
      ['gengfu/v1/dev-7/command', 128],
      ['gengfu/#', 128],
      ['#', 128],
      ['+/+/+/+', 128],
      ['$SYS/#', 128],
      ['anything', 128],
    ]
    for (const [filter, code] of filters)
      expect([filter, await client.subscribe([filter, 1])]).toEqual([filter, isWelcome ? [code] : undefined])
    client.cut()
  })

  it('gets its own commands once and none of others, also when retained', async () => {
    const { broker } = visitor.to === 'anonymous' ? anonymous : closed
    await broker.publish('gengfu/v1/dev-7/command', 'not yours', { retain: true })
    const { client } = await enter(visitor)
    const granted = await client.subscribe(
      [`gengfu/v1/${own}/#`, 1],
      ['#', 1],
      ['gengfu/v1/dev-7/command', 1],
    )
    expect(granted).toEqual(isWelcome ? [1, 128, 128] : undefined)
    await broker.publish('gengfu/v1/dev-7/command', 'not yours either')
    await broker.publish(`gengfu/v1/${own}/command`, 'yours')
    await broker.publish(`gengfu/v1/${own}/event`, 'an echo')
    if (isWelcome) await client.settle()
    const heard = client.received.flatMap((packet) =>
      packet.cmd === 'publish' ? [packet.payload.toString()] : [],
    )
    expect(heard).toEqual(isWelcome ? ['yours'] : [])
    client.cut()
  })

  it('may leave a last will on its own topics only', async () => {
    for (const [topic, code] of [
      [`gengfu/v1/${own}/presence`, 0],
      [`gengfu/v1/${own}/event`, 0],
      ['gengfu/v1/dev-7/presence', 5],
      ['$SYS/x', 5],
      ['anything', 5],
    ] as const) {
      const will = { topic, payload: Buffer.from('offline'), qos: 1 as const, retain: true }
      const entered = await enter(visitor, { will })
      expect([topic, entered.code]).toEqual([topic, isWelcome ? code : visitor.welcome])
      if (entered.code === 0) await entered.client.disconnect()
      entered.client.cut()
    }
  })

  it('leaves nothing retained for others', async () => {
    const { client } = await enter(visitor)
    client.publish(`gengfu/v1/${own}/event`, '{"id":"1-1"}', 1, true)
    await client.next('puback')
    expect(
      await (visitor.to === 'anonymous' ? anonymous : closed).count('gengfu_broker_retained_messages'),
    ).toBe(1)
    client.cut()
  })
})

describe('one device', () => {
  it('can not take over the session of another by using its client id', async () => {
    const first = await enter(visitors['a device with its password'] as Visitor, { clientId: 'same' })
    const second = await enter(visitors['another device'] as Visitor, { clientId: 'same' })
    await second.client.settle()
    await first.client.settle()
    expect([first.code, second.code]).toEqual([0, 0])
    first.client.cut()
    second.client.cut()
  })

  it('loses its connection when its certificate is revoked while it is connected', async () => {
    const own = await createAuthority()
    const device = await own.issueDevice('dev-5')
    const inner = await mkdtemp(join(folder, 'revoke-'))
    const tls = await writeTlsFiles(inner, own, '# nobody yet\n')
    const test = await startTestBroker({
      settings: { anonymous: false, listeners: [{ host: '127.0.0.1', port: 0, webSocket: false, tls }] },
    })
    const dial = async (): Promise<WireClient> => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: test.port,
        ca: own.cert,
        cert: device.cert,
        key: device.key,
      })
      await once(socket, 'secureConnect')
      return new WireClient(socket)
    }
    const client = await dial()
    expect(await client.connect({ clientId: 'x' })).toBe(0)
    await writeFile(tls.revokedFile, `${device.certificate.serialNumber.toUpperCase()}  # stolen\n`)
    await test.broker.reload()
    await client.closed()
    expect(await (await dial()).connect({ clientId: 'x' })).toBe(5)
    await test.broker.stop()
  })

  it('is known by a certificate from the future while the clock of the box was never set, a stranger is not', async () => {
    const inner = await mkdtemp(join(folder, 'unset-'))
    const tls = await writeTlsFiles(inner, authority, '')
    const test = await startTestBroker({
      clock: new VirtualClock(0),
      settings: { anonymous: false, listeners: [{ host: '127.0.0.1', port: 0, webSocket: false, tls }] },
    })
    const codes: Record<string, number> = {}
    const strangers = await createAuthority('village authority')
    issued['early-stranger'] = await strangers.issueDevice('dev-1', {
      notBefore: new Date(Date.now() + 86_400_000),
      notAfter: new Date(Date.now() + 9e8),
    })
    for (const name of ['early', 'early-stranger', 'foreign', 'expired']) {
      const { cert, key } = issued[name] as Issued
      const socket = connectTls({ host: '127.0.0.1', port: test.port, ca: authority.cert, cert, key })
      await once(socket, 'secureConnect')
      codes[name] = await new WireClient(socket).connect({ clientId: name })
      socket.destroy()
    }
    expect(codes).toEqual({ early: 0, 'early-stranger': 5, foreign: 5, expired: 5 })
    await test.broker.stop()
  })
})

describe('a device that is refused', () => {
  const nameIsListed = (name: string): boolean =>
    closed.broker.refused().some(({ device }) => device === name)

  it('is listed with what it lacks, until it comes in', async () => {
    const visit = async (choice: ConnectChoice): Promise<number> => {
      const client = await WireClient.open(closed.port)
      const code = await client.connect({ clientId: `c${++clientNumber}`, ...choice })
      client.cut()
      return code
    }
    expect(await visit({ username: 'new-lamp', password: 'x' })).not.toBe(0)
    expect(await visit({ username: 'dev-2', password: 'wrong' })).not.toBe(0)
    const listed = closed.broker.refused().find(({ device }) => device === 'new-lamp')
    expect(listed).toMatchObject({ times: 1, why: { en: expect.stringContaining('enrol') as string } })
    expect(nameIsListed('dev-2')).toBe(true)
    expect(await visit({ username: 'dev-2', password: 'right too' })).toBe(0)
    expect(nameIsListed('dev-2')).toBe(false)
  })
})

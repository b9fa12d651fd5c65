// Does the broker in open access fulfil MQTT 3.1.1? The cases follow the clauses on which clients rely most.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestBroker, type TestBroker } from '../../kits/broker/test-broker.ts'
import { WireClient, connectPacket } from '../../kits/broker/wire-client.ts'

let test: TestBroker
let run = 0

/** A topic and client id prefix of this test alone. */
const fresh = (): string => `t${++run}`

beforeAll(async () => {
  test = await startTestBroker({ settings: { access: 'open', limits: { connectTimeoutMs: 1500 } } })
})
afterAll(() => test.broker.stop())

const connect = (clientId: string, choice = {}): Promise<WireClient> =>
  WireClient.connect(test.port, { clientId, ...choice })

/** Takes a message and completes its exchange. */
async function take(
  client: WireClient,
): Promise<{ text: string; qos: number; retain: boolean; topic: string; dup: boolean }> {
  const message = await client.message()
  const { qos, messageId } = message
  if (qos === 1 && messageId !== undefined) client.send({ cmd: 'puback', messageId })
  if (qos === 2 && messageId !== undefined) {
    client.send({ cmd: 'pubrec', messageId })
    await client.next('pubrel', (packet) => packet.messageId === messageId)
    client.send({ cmd: 'pubcomp', messageId })
  }
  return message
}

async function publishFully(
  client: WireClient,
  topic: string,
  text: string,
  qos: 0 | 1 | 2,
  retain = false,
): Promise<void> {
  const messageId = client.publish(topic, text, qos, retain)
  if (qos === 1) await client.next('puback', (packet) => packet.messageId === messageId)
  if (qos < 2) return
  await client.next('pubrec', (packet) => packet.messageId === messageId)
  client.send({ cmd: 'pubrel', messageId })
  await client.next('pubcomp', (packet) => packet.messageId === messageId)
}

describe('publish and subscribe', () => {
  it('delivers at the lower of the two QoS, for exact and wildcard filters [MQTT-3.8.4-6]', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    for (const granted of [0, 1, 2] as const)
      for (const filter of [`${t}/${granted}`, `${t}/${granted}/+`, `${t}/${granted}/w/#`])
        expect(await sub.subscribe([filter, granted])).toEqual([granted])
    for (const granted of [0, 1, 2] as const)
      for (const sent of [0, 1, 2] as const)
        for (const topic of [`${t}/${granted}`, `${t}/${granted}/x`, `${t}/${granted}/w/y/z`]) {
          await publishFully(pub, topic, `${topic} ${sent}`, sent)
          expect(await take(sub)).toMatchObject({ text: `${topic} ${sent}`, qos: Math.min(granted, sent) })
        }
    sub.cut()
    pub.cut()
  })

  it('keeps the order of one publisher per topic, 500 messages at QoS 1', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    await sub.subscribe([t, 1])
    for (let i = 0; i < 500; i++) pub.publish(t, String(i), 1)
    for (let i = 0; i < 500; i++) expect((await take(sub)).text).toBe(String(i))
    sub.cut()
    pub.cut()
  })

  it('sends one copy at the highest QoS when subscriptions overlap [MQTT-3.3.5-1]', async () => {
    const t = fresh()
    for (const clean of [true, false]) {
      const [sub, pub] = [await connect(`${t}s${clean}`, { clean }), await connect(`${t}p`)]
      await sub.subscribe([`${t}/#`, 0], [`${t}/+`, 2], [`${t}/x`, 1])
      await publishFully(pub, `${t}/x`, 'once', 2)
      expect(await take(sub)).toMatchObject({ text: 'once', qos: 2 })
      await sub.settle()
      expect(sub.received).toEqual([])
      sub.cut()
      await pub.disconnect()
    }
  })

  it('takes a second subscription to the same filter as a change of its QoS [MQTT-3.8.4-3]', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    await sub.subscribe([t, 2])
    await sub.subscribe([t, 0])
    await publishFully(pub, t, 'x', 2)
    expect(await take(sub)).toMatchObject({ qos: 0 })
    await sub.settle()
    expect(sub.received).toEqual([])
    sub.cut()
    pub.cut()
  })

  it('answers every filter of a SUBSCRIBE in order [MQTT-3.9.3-1]', async () => {
    const t = fresh()
    const sub = await connect(t)
    expect(await sub.subscribe([`${t}/a`, 2], [`${t}/b`, 0], [`${t}/c`, 1])).toEqual([2, 0, 1])
    sub.cut()
  })

  it('stops delivering after UNSUBSCRIBE, and answers one that matches nothing [MQTT-3.10.4-5]', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    await sub.subscribe([`${t}/a`, 1], [`${t}/b`, 1])
    sub.send({ cmd: 'unsubscribe', messageId: 77, unsubscriptions: [`${t}/a`, `${t}/never`] })
    expect(await sub.next('unsuback')).toMatchObject({ messageId: 77 })
    await publishFully(pub, `${t}/a`, 'gone', 1)
    await publishFully(pub, `${t}/b`, 'there', 1)
    expect((await take(sub)).text).toBe('there')
    sub.cut()
    pub.cut()
  })

  it('keeps topics that start with $ from wildcards at the start [MQTT-4.7.2-1]', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    await sub.subscribe(['#', 1], ['+/x', 1])
    await publishFully(pub, `$${t}/x`, 'hidden', 1)
    await publishFully(pub, `${t}/x`, 'seen', 1)
    expect((await take(sub)).text).toBe('seen')
    await sub.subscribe([`$${t}/#`, 1])
    await publishFully(pub, `$${t}/x`, 'now seen', 1)
    expect((await take(sub)).text).toBe('now seen')
    sub.cut()
    pub.cut()
  })

  it('tells empty levels from missing ones [MQTT-4.7.1-3]', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    await sub.subscribe([`/${t}`, 0], [`${t}/+`, 0], [`${t}/deep/#`, 0])
    for (const topic of [`/${t}`, `${t}/`, `${t}/deep`, `${t}/deep/`, t, `${t}/a/b`])
      await publishFully(pub, topic, topic, 1)
    const seen: string[] = []
    for (let i = 0; i < 4; i++) seen.push((await take(sub)).text)
    expect(seen).toEqual([`/${t}`, `${t}/`, `${t}/deep`, `${t}/deep/`])
    await sub.settle()
    expect(sub.received).toEqual([])
    sub.cut()
    pub.cut()
  })

  it('delivers an empty payload, and one of 50,000 bytes', async () => {
    const t = fresh()
    const client = await connect(t)
    await client.subscribe([t, 1])
    for (const payload of ['', 'x'.repeat(50_000)]) {
      await client.publishKept(t, payload)
      expect((await take(client)).text).toBe(payload)
    }
    client.cut()
  })
})

describe('QoS 2', () => {
  it('hands a message on once although PUBLISH comes twice [MQTT-4.3.3-2]', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`), await connect(`${t}p`)]
    await sub.subscribe([t, 0])
    const packet = { cmd: 'publish', topic: t, payload: 'once', qos: 2, messageId: 9, retain: false } as const
    pub.send({ ...packet, dup: false })
    await pub.next('pubrec')
    pub.send({ ...packet, dup: true })
    await pub.next('pubrec')
    pub.send({ cmd: 'pubrel', messageId: 9 })
    await pub.next('pubcomp')
    pub.send({ cmd: 'pubrel', messageId: 9 })
    await pub.next('pubcomp')
    expect((await take(sub)).text).toBe('once')
    await sub.settle()
    expect(sub.received).toEqual([])
    sub.cut()
    pub.cut()
  })

  it('finishes with PUBREL after a reconnect between PUBREC and PUBCOMP [MQTT-4.4.0-1]', async () => {
    const t = fresh()
    let sub = await connect(`${t}s`, { clean: false })
    const pub = await connect(`${t}p`)
    await sub.subscribe([t, 2])
    await publishFully(pub, t, 'once', 2)
    const { messageId } = await sub.message()
    sub.send({ cmd: 'pubrec', messageId: messageId ?? 0 })
    await sub.next('pubrel')
    sub.cut()
    sub = await connect(`${t}s`, { clean: false })
    expect(await sub.next('pubrel')).toMatchObject({ messageId })
    sub.send({ cmd: 'pubcomp', messageId: messageId ?? 0 })
    await sub.settle()
    expect(sub.received).toEqual([])
    sub.cut()
    pub.cut()
  })
})

describe('retained messages', () => {
  it('greet a new subscription with the flag set, reach an old one without it, and are cleared by an empty one', async () => {
    const t = fresh()
    const [early, pub] = [await connect(`${t}e`), await connect(`${t}p`)]
    await early.subscribe([`${t}/+`, 2])
    for (const qos of [0, 1, 2] as const) {
      await publishFully(pub, `${t}/${qos}`, `old ${qos}`, qos, true)
      await publishFully(pub, `${t}/${qos}`, `new ${qos}`, qos, true)
      expect(await take(early)).toMatchObject({ text: `old ${qos}`, retain: false, qos })
      expect(await take(early)).toMatchObject({ text: `new ${qos}`, retain: false })
    }
    const late = await connect(`${t}l`)
    await late.subscribe([`${t}/#`, 2])
    const greeted = [await take(late), await take(late), await take(late)]
    expect(greeted.map(({ text, retain, qos }) => `${text} ${retain} ${qos}`).toSorted()).toEqual([
      'new 0 true 0',
      'new 1 true 1',
      'new 2 true 2',
    ])
    const low = await connect(`${t}0`)
    await low.subscribe([`${t}/1`, 0])
    expect(await take(low)).toMatchObject({ text: 'new 1', retain: true, qos: 0 })
    await low.subscribe([`${t}/1`, 0])
    expect(await take(low)).toMatchObject({ text: 'new 1', retain: true })
    low.cut()
    for (const qos of [0, 1, 2] as const) await publishFully(pub, `${t}/${qos}`, '', qos, true)
    const last = await connect(`${t}x`)
    await last.subscribe([`${t}/#`, 2])
    await last.settle()
    expect(last.received).toEqual([])
    for (const client of [early, pub, late, last]) client.cut()
  })

  it('of QoS 2 do not break a kept session that confirms them', async () => {
    const t = fresh()
    const [sub, pub] = [await connect(`${t}s`, { clean: false }), await connect(`${t}p`)]
    await publishFully(pub, t, 'kept', 2, true)
    await sub.subscribe([t, 2])
    expect(await take(sub)).toMatchObject({ text: 'kept', retain: true })
    await sub.settle()
    expect(sub.isClosed).toBe(false)
    await publishFully(pub, t, '', 1, true)
    sub.cut()
    pub.cut()
  })

  it('outlive the connection that published them', async () => {
    const t = fresh()
    const pub = await connect(`${t}p`)
    await publishFully(pub, t, 'still here', 1, true)
    await pub.disconnect()
    const sub = await connect(`${t}s`)
    await sub.subscribe([t, 0])
    expect(await take(sub)).toMatchObject({ text: 'still here', retain: true })
    await publishFully(sub, t, '', 0, true)
    sub.cut()
  })
})

describe('sessions', () => {
  it('say whether one is present, also one without subscriptions [MQTT-3.2.2-2]', async () => {
    const t = fresh()
    const present = async (clean: boolean): Promise<boolean> => {
      const client = await WireClient.open(test.port)
      client.send(connectPacket({ clientId: t, clean }))
      const answer = await client.next('connack')
      await client.disconnect()
      return answer?.cmd === 'connack' && answer.sessionPresent
    }
    expect([
      await present(false),
      await present(false),
      await present(true),
      await present(true),
      await present(false),
    ]).toEqual([false, true, false, false, false])
  })

  it('keep subscriptions and QoS 1 and 2 messages for a client that is away, in order', async () => {
    const t = fresh()
    let sub = await connect(`${t}s`, { clean: false })
    const pub = await connect(`${t}p`)
    await sub.subscribe([`${t}/#`, 2])
    await sub.disconnect()
    for (let i = 0; i < 60; i++) await publishFully(pub, `${t}/${i}`, String(i), i % 2 === 0 ? 1 : 2)
    sub = await connect(`${t}s`, { clean: false })
    // Live messages queue behind waiting ones.
    for (let i = 60; i < 80; i++) pub.publish(`${t}/${i}`, String(i), 1)
    for (let i = 0; i < 80; i++) expect(await take(sub)).toMatchObject({ text: String(i), retain: false })
    await sub.settle()
    expect(sub.received).toEqual([])
    await sub.disconnect()
    sub = await connect(`${t}s`, { clean: false })
    await sub.settle()
    expect(sub.received).toEqual([])
    sub.cut()
    pub.cut()
  })

  it('repeat what was not acknowledged, with DUP and the same id [MQTT-4.4.0-1] [MQTT-3.3.1-1]', async () => {
    const t = fresh()
    let sub = await connect(`${t}s`, { clean: false })
    const pub = await connect(`${t}p`)
    await sub.subscribe([t, 2])
    await publishFully(pub, t, 'one', 1)
    await publishFully(pub, t, 'two', 2)
    const first = [await sub.message(), await sub.message()]
    expect(first.map(({ dup }) => dup)).toEqual([false, false])
    sub.cut()
    sub = await connect(`${t}s`, { clean: false })
    const again = [await take(sub), await take(sub)]
    expect(again.map(({ text, dup }) => [text, dup])).toEqual([
      ['one', true],
      ['two', true],
    ])
    expect(again).toEqual(first.map((message) => ({ ...message, dup: true })))
    await sub.settle()
    sub.cut()
    pub.cut()
  })

  it('end when the client asks for a clean one [MQTT-3.1.2-6]', async () => {
    const t = fresh()
    let sub = await connect(`${t}s`, { clean: false })
    const pub = await connect(`${t}p`)
    await sub.subscribe([t, 1])
    await sub.disconnect()
    await publishFully(pub, t, 'lost', 1)
    await (await connect(`${t}s`, { clean: true })).disconnect()
    sub = await connect(`${t}s`, { clean: false })
    await publishFully(pub, t, 'nobody listens', 1)
    await sub.settle()
    expect(sub.received).toEqual([])
    sub.cut()
    pub.cut()
  })

  it('are taken over by a second connection with the same id [MQTT-3.1.4-2]', async () => {
    const t = fresh()
    const first = await connect(t, { clean: false, will: { topic: `${t}/will`, payload: Buffer.from('x') } })
    const watcher = await connect(`${t}w`)
    await watcher.subscribe([`${t}/will`, 0])
    const second = await connect(t, { clean: false })
    await first.closed()
    expect((await take(watcher)).text).toBe('x')
    await second.settle()
    second.cut()
    watcher.cut()
  })
})

describe('last wills', () => {
  const watch = async (t: string): Promise<WireClient> => {
    const watcher = await connect(`${t}w`)
    await watcher.subscribe([`${t}/#`, 2])
    return watcher
  }

  it('go out at their QoS, retained when asked, when the connection is lost', async () => {
    const t = fresh()
    const watcher = await watch(t)
    for (const qos of [0, 1, 2] as const) {
      const client = await connect(`${t}c`, {
        will: { topic: `${t}/${qos}`, payload: Buffer.from('gone'), qos, retain: true },
      })
      client.cut()
      expect(await take(watcher)).toMatchObject({ topic: `${t}/${qos}`, text: 'gone', qos, retain: false })
    }
    const late = await connect(`${t}l`)
    await late.subscribe([`${t}/1`, 1])
    expect(await take(late)).toMatchObject({ text: 'gone', retain: true })
    for (const qos of [0, 1, 2] as const) await publishFully(late, `${t}/${qos}`, '', 1, true)
    late.cut()
    watcher.cut()
  })

  it('stay unsent after DISCONNECT [MQTT-3.1.2-8]', async () => {
    const t = fresh()
    const watcher = await watch(t)
    const client = await connect(`${t}c`, { will: { topic: `${t}/will`, payload: Buffer.from('gone') } })
    await client.disconnect()
    await publishFully(watcher, `${t}/end`, 'end', 1)
    expect((await take(watcher)).text).toBe('end')
    watcher.cut()
  })

  it('go out when keepalive runs out at one and a half times its seconds [MQTT-3.1.2-24]', async () => {
    const t = fresh()
    const watcher = await watch(t)
    const client = await connect(`${t}c`, {
      keepalive: 1,
      will: { topic: `${t}/will`, payload: Buffer.from('silent') },
    })
    expect((await take(watcher)).text).toBe('silent')
    await client.closed()
    watcher.cut()
  })

  it('go out after a protocol violation', async () => {
    const t = fresh()
    const watcher = await watch(t)
    const client = await connect(`${t}c`, { will: { topic: `${t}/will`, payload: Buffer.from('gone') } })
    client.stream.write(Buffer.from([0xf0, 0]))
    await client.closed()
    expect((await take(watcher)).text).toBe('gone')
    watcher.cut()
  })
})

describe('CONNECT', () => {
  it('without a client id is welcome with clean session only [MQTT-3.1.3-8]', async () => {
    const codes: unknown[] = []
    for (const flags of [2, 0]) {
      const client = await WireClient.open(test.port)
      client.stream.write(Buffer.from([0x10, 12, 0, 4, 77, 81, 84, 84, 4, flags, 0, 0, 0, 0]))
      const answer = await client.next('connack')
      codes.push(answer?.cmd === 'connack' ? answer.returnCode : undefined)
      client.cut()
    }
    expect(codes).toEqual([0, 2])
  })

  it('without client ids does not throw each other out [MQTT-3.1.3-6]', async () => {
    const [a, b] = [await connect(''), await connect('')]
    await a.settle()
    await b.settle()
    expect([a.isClosed, b.isClosed]).toEqual([false, false])
    a.cut()
    b.cut()
  })

  it('of an unknown version is answered with 1 [MQTT-3.1.2-2]', async () => {
    for (const version of [4, 5, 6, 2]) {
      const client = await WireClient.open(test.port)
      const body = [0, 4, 77, 81, 84, 84, version, 2, 0, 0, ...(version === 5 ? [0] : []), 0, 1, 97]
      client.stream.write(Buffer.from([0x10, body.length, ...body]))
      expect(await client.next('connack')).toMatchObject({ returnCode: version === 4 ? 0 : 1 })
      if (version !== 4) await client.closed()
      client.cut()
    }
  })

  it.each([
    ['another protocol name', [0x10, 12, 0, 4, 77, 81, 84, 83, 4, 2, 0, 0, 0, 0]],
    ['the reserved flag set', [0x10, 12, 0, 4, 77, 81, 84, 84, 4, 3, 0, 0, 0, 0]],
    ['a will QoS of 3', [0x10, 16, 0, 4, 77, 81, 84, 84, 4, 0x1e, 0, 0, 0, 0, 0, 1, 97, 0, 0]],
    ['a will QoS without a will', [0x10, 12, 0, 4, 77, 81, 84, 84, 4, 0x0a, 0, 0, 0, 0]],
    ['a password without a user name', [0x10, 15, 0, 4, 77, 81, 84, 84, 4, 0x42, 0, 0, 0, 0, 0, 1, 97]],
    ['malformed UTF-8 in the client id', [0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 2, 0xc3, 0x28]],
    ['a length that runs over', [0x10, 0x80, 0x80, 0x80, 0x80, 1]],
    ['no CONNECT but a PINGREQ first', [0xc0, 0]],
    ['no CONNECT but a PUBLISH first', [0x30, 3, 0, 1, 97]],
  ])('with %s never gets a welcome', async (_title, bytes) => {
    const client = await WireClient.open(test.port)
    client.stream.write(Buffer.from(bytes))
    await client.closed()
    expect(client.received.filter((packet) => packet.cmd === 'connack' && packet.returnCode === 0)).toEqual(
      [],
    )
  })

  it('that never comes, or comes drop by drop, ends at the connect time-out', async () => {
    const silent = await WireClient.open(test.port)
    const slow = await WireClient.open(test.port)
    slow.stream.write(Buffer.from([0x10, 12, 0]))
    await silent.closed()
    await slow.closed()
    expect([...silent.received, ...slow.received]).toEqual([])
  })

  it('a second time ends the connection [MQTT-3.1.0-2]', async () => {
    const client = await connect(fresh())
    client.send(connectPacket({ clientId: 'again' }))
    await client.closed()
    expect(client.received).toEqual([])
  })
})

describe('after CONNECT, the connection ends on', () => {
  it.each([
    ['QoS 3', [0x36, 5, 0, 1, 97, 0, 1]],
    ['a wildcard in a topic', [0x30, 3, 0, 1, 35]],
    ['an empty topic', [0x30, 2, 0, 0]],
    ['a NUL in a topic', [0x30, 3, 0, 1, 0]],
    ['malformed UTF-8 in a topic', [0x30, 4, 0, 2, 0xc3, 0x28]],
    ['a surrogate in a topic', [0x30, 5, 0, 3, 0xed, 0xa0, 0x80]],
    ['packet id 0 in PUBLISH', [0x32, 5, 0, 1, 97, 0, 0]],
    ['packet id 0 in SUBSCRIBE', [0x82, 6, 0, 0, 0, 1, 97, 0]],
    ['packet id 0 in UNSUBSCRIBE', [0xa2, 5, 0, 0, 0, 1, 97]],
    ['SUBSCRIBE without filters', [0x82, 2, 0, 1]],
    ['SUBSCRIBE with QoS 3', [0x82, 6, 0, 1, 0, 1, 97, 3]],
    ['SUBSCRIBE with reserved flags', [0x80, 6, 0, 1, 0, 1, 97, 0]],
    ['a # in the middle', [0x82, 8, 0, 1, 0, 3, 35, 47, 97, 0]],
    ['a # that does not fill its level', [0x82, 7, 0, 1, 0, 2, 97, 35, 0]],
    ['a + that does not fill its level', [0x82, 7, 0, 1, 0, 2, 43, 97, 0]],
    ['PINGREQ with a body', [0xc0, 1, 0]],
    ['a packet only a server may send', [0x20, 2, 0, 0]],
    ['packet type 0', [0x00, 0]],
    ['packet type 15', [0xf0, 0]],
  ])('%s', async (_title, bytes) => {
    const client = await connect(fresh())
    client.stream.write(Buffer.from(bytes))
    await client.closed()
    expect(client.received).toEqual([])
  })
})

describe('acknowledgements that fit nothing', () => {
  it('are ignored', async () => {
    const client = await connect(fresh(), { clean: false })
    for (const cmd of ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const)
      client.send({ cmd, messageId: 4242 })
    await client.settle()
    expect(client.isClosed).toBe(false)
    client.cut()
  })
})

describe('native events', () => {
  it('go through the intake in open access too, other topics do not', async () => {
    const client = await connect(fresh())
    const before = test.accepted.length
    await client.publishKept('gengfu/v1/any-device/event', '{"id":"1-1"}')
    await client.publishKept('something/else', '{"id":"1-1"}')
    expect(test.accepted.slice(before).map(({ device, topic }) => [device, topic])).toEqual([
      ['any-device', 'gengfu/v1/any-device/event'],
    ])
    client.cut()
  })
})

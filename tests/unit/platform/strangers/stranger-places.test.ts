// Question: can connections that never sign in keep others out?
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, request, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, request as requestSecurely } from 'node:https'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { StrangerGuard, type StrangerRefusal } from '../../../../platform/strangers/stranger-guard.ts'
import { StrangerPlaces } from '../../../../platform/strangers/stranger-places.ts'

describe('places of strangers', () => {
  it('of one address are few: its oldest makes room, another address keeps its own', () => {
    const places = new StrangerPlaces<number>({ strangers: 10, strangersPerNetwork: 3 })
    places.enter(0, '10.0.0.9')
    const evicted = [1, 2, 3, 4, 5].map((one) => places.enter(one, '10.0.0.1'))
    expect(evicted).toEqual([undefined, undefined, undefined, 1, 2])
    expect(places.has(0)).toBe(true)
    expect(places.size).toBe(4)
  })

  it('of one IPv6 /64 are few, whatever address of it is used', () => {
    const places = new StrangerPlaces<number>({ strangers: 10, strangersPerNetwork: 3 })
    const evicted = [1, 2, 3, 4].map((one) => places.enter(one, `2001:db8:0:7::${one}`))
    expect(evicted).toEqual([undefined, undefined, undefined, 1])
    expect(places.enter(9, '2001:db8:0:8::1')).toBeUndefined()
  })

  it('when all are taken, the oldest of the largest crowd makes room', () => {
    const places = new StrangerPlaces<string>({ strangers: 5, strangersPerNetwork: 4 })
    places.enter('honest', '10.0.0.9')
    for (const one of ['a', 'b', 'c', 'd']) places.enter(one, '10.0.0.1')
    expect(places.enter('new', '10.0.0.8')).toBe('a')
    expect(places.has('honest')).toBe(true)
  })

  it('when all are taken by single strangers, an unknown network makes room and a known one keeps a few', () => {
    const places = new StrangerPlaces<string>(
      { strangers: 40, strangersPerNetwork: 40 },
      (one) => one === '10.0.0.9',
    )
    for (const one of ['box-1', 'box-2']) places.enter(one, '10.0.0.9')
    for (let i = 0; i < 38; i++) places.enter(`s-${i}`, `10.0.1.${i}`)
    expect(places.enter('new', '10.0.0.8')).toBe('s-0')
    // Two of forty places are its own; a third stranger counts like one of any other network.
    expect(['box-3', 'box-4'].map((one) => places.enter(one, '10.0.0.9'))).toEqual(['s-1', 'box-1'])
  })

  it('of one address are halved between whole messages and parts: neither displaces the other', () => {
    const places = new StrangerPlaces<string>({ strangers: 99, strangersPerNetwork: 4 })
    const enter = (one: string) => places.enter(one, '10.0.0.1')
    for (const one of ['page-1', 'page-2']) enter(one)
    for (const one of ['page-1', 'page-2']) places.hear(one)
    expect(['slow-1', 'slow-2', 'slow-3', 'slow-4'].map(enter)).toEqual([
      undefined,
      undefined,
      'slow-1',
      'slow-2',
    ])
    for (const one of ['slow-3', 'slow-4']) places.hear(one)
    expect(['new-1', 'new-2', 'new-3'].map(enter)).toEqual(['page-1', 'page-2', 'new-1'])
    for (const one of ['slow-3', 'slow-4', 'new-2', 'new-3']) places.leave(one)
    expect(places.size).toBe(0)
  })

  it('are given back by those who sign in', () => {
    const places = new StrangerPlaces<number>({ strangers: 2, strangersPerNetwork: 2 })
    places.enter(1, '10.0.0.1')
    expect(places.leave(1)).toBe(true)
    expect(places.leave(1)).toBe(false)
    places.enter(2, '10.0.0.1')
    expect(places.enter(3, '10.0.0.1')).toBeUndefined()
  })
})

describe('the guard of a listener', () => {
  const undos: (() => void)[] = []
  afterEach(() => undos.splice(0).forEach((undo) => undo()))

  const limits = {
    strangers: 4,
    strangersPerNetwork: 3,
    newAtOnce: 6,
    newPerSecond: 1,
    newUnknownAtOnce: 20,
    newUnknownPerSecond: 1,
    firstByteMs: 5000,
    signInMs: 15_000,
    admitted: 2,
  }

  async function guarded(server: Server, more: { waiting?: number } = {}) {
    const clock = new VirtualClock()
    const refused: StrangerRefusal[] = []
    const guard = new StrangerGuard({
      limits: { ...limits, ...more },
      clock,
      onRefused: (reason) => refused.push(reason),
    })
    guard.watch(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    undos.push(() => server.close())
    return { guard, clock, refused, port: (server.address() as AddressInfo).port }
  }

  async function open(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress })
    socket.on('error', () => undefined)
    undos.push(() => socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }
  const closed = (socket: Socket) =>
    new Promise<void>((resolve) =>
      socket.destroyed ? resolve() : void socket.once('close', () => resolve()),
    )
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  const certificate = () => {
    const folder = mkdtempSync(join(tmpdir(), 'gengfu-guard-'))
    undos.push(() => rmSync(folder, { recursive: true, force: true }))
    const files = ['-keyout', join(folder, 'centre.key'), '-out', join(folder, 'centre.crt')]
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', ['req', '-x509', ...ec, ...files, '-subj', '/CN=centre'], { stdio: 'ignore' })
    const [cert, key] = ['centre.crt', 'centre.key'].map((name) => readFileSync(join(folder, name)))
    return { cert, key }
  }

  it('closes the oldest of a holder who has all places, and lets others in', async () => {
    const served: Socket[] = []
    const { guard, refused, port } = await guarded(createServer((socket) => void served.push(socket)))
    const crowd: Socket[] = []
    for (const holder of ['mallory', 'mallory', 'li']) {
      crowd.push(await open(port))
      await until(() => served.length === crowd.length)
      expect(guard.admit(served.at(-1) as Socket, holder)).toBe(true)
    }
    await closed(crowd[0] as Socket)
    expect([refused, guard.admitted, guard.strangers]).toEqual([['made-room-signed-in'], 2, 0])
    expect([crowd[1]?.destroyed, crowd[2]?.destroyed]).toEqual([false, false])
    expect(guard.admit(served[1] as Socket, 'mallory')).toBe(true)
    crowd[1]?.destroy()
    await until(() => guard.admitted === 1)
  })

  it('closes who says nothing, then who does not sign in; who has signed in stays', async () => {
    const served: Socket[] = []
    const server = createServer((socket) => {
      served.push(socket)
      socket.resume()
      socket.on('error', () => undefined)
    })
    const { guard, clock, refused, port } = await guarded(server)
    const [silent, slow, known] = [await open(port), await open(port), await open(port)]
    slow.write('x')
    known.write('x')
    await until(() => served.length === 3 && served.filter(({ bytesRead }) => bytesRead > 0).length === 2)
    expect(guard.admit(served.find(({ remotePort }) => remotePort === known.localPort) as Socket)).toBe(true)
    clock.advance(limits.firstByteMs)
    await closed(silent)
    clock.advance(limits.signInMs)
    await closed(slow)
    expect(refused).toEqual(['no-first-byte', 'no-sign-in'])
    expect([known.destroyed, guard.strangers, guard.admitted]).toEqual([false, 0, 1])
    known.destroy()
    await until(() => guard.admitted === 0)
  })

  it('lets newcomers in under a crowd of idle ones, and keeps the places of those who have signed in', async () => {
    const served: Socket[] = []
    const { guard, refused, port } = await guarded(
      createServer((socket) => {
        served.push(socket)
        socket.on('error', () => undefined)
      }),
    )
    const known = [await open(port), await open(port)]
    await until(() => served.length === 2)
    expect(served.map((socket) => guard.admit(socket))).toEqual([true, true])
    const crowd = [await open(port), await open(port), await open(port)]
    await open(port)
    await closed(crowd[0] as Socket)
    await until(() => served.length === 6)
    expect(known.map(({ destroyed }) => destroyed)).toEqual([false, false])
    expect(guard.admit(served.at(-1) as Socket)).toBe(false)
    expect(refused).toEqual(['made-room', 'full'])
  })

  it('closes a flood before the server works on it, and another address gets in at once', async () => {
    const served: Socket[] = []
    const server = createServer((socket) => {
      served.push(socket)
      socket.on('error', () => undefined)
    })
    const { guard, refused, port } = await guarded(server)
    const flood = await Promise.all(Array.from({ length: 40 }, () => open(port)))
    await until(() => flood.filter(({ destroyed }) => destroyed).length >= 37)
    expect(served).toHaveLength(limits.newAtOnce)
    expect(refused.filter((reason) => reason === 'too-many-new')).toHaveLength(34)
    const clean = await open(port, '127.0.0.5')
    await until(() => served.length === 7)
    expect(guard.admit(served.at(-1) as Socket)).toBe(true)
    // One that has signed in is no longer new: as many as before may connect beside it.
    await Promise.all(Array.from({ length: limits.newAtOnce }, () => open(port, '127.0.0.5')))
    await until(() => served.length === 13)
    expect(clean.destroyed).toBe(false)
  })

  it('counts a TLS connection from before its handshake, and ends it below TLS', async () => {
    const { cert, key } = certificate()
    const served: Socket[] = []
    const server = createTlsServer({ cert, key }, (socket) => {
      served.push(socket)
      socket.on('error', () => undefined)
      socket.resume()
    })
    server.on('tlsClientError', () => undefined)
    const { guard, clock, refused, port } = await guarded(server)
    const silent = await open(port)
    const secure = () => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      socket.on('error', () => undefined)
      undos.push(() => socket.destroy())
      return socket
    }
    const [slow, known] = [secure(), secure()]
    await until(() => served.length === 2)
    expect(guard.strangers).toBe(3)
    expect(guard.admit(served.find(({ remotePort }) => remotePort === known.localPort) as Socket)).toBe(true)
    clock.advance(limits.firstByteMs)
    await closed(silent)
    clock.advance(limits.signInMs)
    await closed(slow)
    expect(refused).toEqual(['no-first-byte', 'no-sign-in'])
    expect(known.destroyed).toBe(false)
  })
  const get = (protocol: string, port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      if (protocol === 'ws') {
        const stream = new WebSocket(`ws://127.0.0.1:${port}`)
        stream.on('error', reject)
        stream.on('message', (bytes: Buffer) => (resolve(bytes.toString()), stream.terminate()))
        return
      }
      const ask = protocol === 'http' ? request : requestSecurely
      const asked = ask({ port, host: '127.0.0.1', agent: false, rejectUnauthorized: false }, (response) => {
        response.on('data', (bytes: Buffer) => resolve(bytes.toString()))
      })
      asked.on('error', reject)
      asked.end()
    })

  it.each([
    ['http', 'GET / HTTP/1.1\r\nHost: desk\r\n'],
    ['ws', 'GET / HTTP/1.1\r\nHost: desk\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'],
    ['http', 'POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 1000\r\n\r\n{'],
    ['https', '\x16\x03\x01\x02\x00\x01'],
  ])('answers %s at once beside a crowd of its own address that sends %j', async (protocol, part) => {
    const answer = (_request: unknown, response: ServerResponse): void => void response.end('ok')
    const server = protocol === 'https' ? createHttpsServer(certificate(), answer) : createHttpServer(answer)
    if (protocol === 'ws') new WebSocketServer({ server }).on('connection', (socket) => socket.send('ok'))
    const { clock, port } = await guarded(server, { waiting: 100 })
    const crowd = await Promise.all(Array.from({ length: 80 }, () => open(port)))
    for (const socket of crowd) socket.write(part, 'latin1')
    for (let at = 0; at < 4; at++) {
      const asked = get(protocol, port)
      const ticks = setInterval(() => clock.advance(100), 10)
      undos.push(() => clearInterval(ticks))
      expect(await asked).toBe('ok')
      clearInterval(ticks)
    }
    // Less than the time in which each one of the crowd would have had its turn.
    expect(clock.monotonicMs()).toBeLessThan(20_000)
  })
})

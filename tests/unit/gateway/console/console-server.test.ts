// Who may read the console: this machine by its address, no page from elsewhere, and idle sockets can not block it.
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ConsoleAccess } from '../../../../gateway/console/access/console-access.ts'
import { ConsoleServer } from '../../../../gateway/console/console-server.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { bad } from '../../../../protocols/kit/result.ts'

const folder = mkdtempSync(join(tmpdir(), 'gengfu-console-'))
let server: ConsoleServer
let port: number
const forgotten: object[] = []
let healthOf = (): Promise<never> => Promise.resolve({} as never)
beforeAll(async () => {
  server = new ConsoleServer({
    host: '127.0.0.1',
    villageHost: '0.0.0.0',
    boxName: 'box 1',
    access: new ConsoleAccess({
      dataDir: folder,
      isForVillage: false,
      clock: createSystemClock(),
      steadyMs: () => performance.now(),
      knownNames: [],
    }),
    note: () => undefined,
    port: 0,
    names: ['Box-1.lan'],
    pageFolder: '/nowhere',
    clock: createSystemClock(),
    metrics: new Registry(),
    logger: pino({ level: 'silent' }),
    fault: () => undefined,
    health: () => healthOf(),
    quarantine: () => Promise.resolve([]),
    control: () => Promise.reject(new Error('not asked for')),
    forget: (asked) => {
      forgotten.push(asked)
      return Promise.resolve()
    },
    cameras: undefined,
    devices: {
      answer: () => ({}) as never,
      change: () => bad('not asked for'),
      permitJoin: () => Promise.resolve('not asked for'),
    },
  })
  port = Number(new URL(await server.start()).port)
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string, headers: Record<string, string> = {}): Promise<[number, string | undefined]> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume()
      const policy = response.headers['cross-origin-resource-policy']
      response.on('end', () => resolve([response.statusCode ?? 0, String(policy)]))
    })
    asked.on('error', reject)
    asked.end()
  })

it.each(['/api/v1/health', '/api/v1/devices', '/api/v1/quarantine', '/'])(
  'answers %s to its own page alone',
  async (path) => {
    expect(await get(path)).toEqual([200, 'same-origin'])
    for (const headers of [
      { host: 'evil.example' },
      { host: `evil.example:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'http://evil.example' },
    ])
      expect((await get(path, headers as Record<string, string>))[0]).toBe(403)
  },
)

it.each(['/healthz', '/metrics'])(
  'answers %s to programs that ask by address or by its name',
  async (path) => {
    for (const host of [
      `127.0.0.1:${port}`,
      `192.0.2.7:${port}`,
      `[::1]:${port}`,
      'localhost',
      hostname(),
      'box-1.LAN:80',
    ])
      expect((await get(path, { host }))[0]).toBe(200)
    expect((await get(path, { host: 'evil.example' }))[0]).toBe(403)
  },
)

const signIn =
  'POST /api/v1/session/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'

it.each([
  ['say nothing', ''],
  ['send half a head', 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n'],
  ['send half a body', `${signIn}Content-Length: 100\r\n\r\n{`],
])('answers while 120 sockets that %s come back as fast as they are closed', async (_what, part) => {
  let isEnded = false
  const sockets = new Set<Socket>()
  const hold = (): void => {
    if (isEnded) return
    const socket = connect(port, '127.0.0.1')
    if (part !== '') socket.write(part)
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      setTimeout(hold, 20)
    })
  }
  for (let n = 0; n < 120; n++) hold()
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (let n = 0; n < 10; n++) expect((await get('/healthz'))[0]).toBe(200)
  isEnded = true
  for (const socket of sockets) socket.destroy()
})

it('answers while more requests than there are places wait for answers that they do not get', async () => {
  healthOf = () => new Promise(() => undefined)
  const head = 'GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  const sockets: Socket[] = []
  for (let n = 0; n < 60; n++) {
    const socket = connect(port, '127.0.0.1', () => socket.write(head))
    socket.on('error', () => undefined)
    sockets.push(socket)
  }
  await vi.waitFor(() => expect(sockets.filter(({ destroyed }) => destroyed).length).toBe(10), {
    timeout: 20_000,
    interval: 5,
  })
  for (let n = 0; n < 5; n++) expect((await get('/healthz'))[0]).toBe(200)
  for (const socket of sockets) socket.destroy()
  healthOf = () => Promise.resolve({} as never)
})

it('lets a person at the box ask that the message ids of a device be forgotten', async () => {
  const post = (body: object) =>
    fetch(`http://127.0.0.1:${port}/api/v1/forget`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await post({ device: 'door-001', by: 'Li' })).status).toBe(200)
  for (const wrong of [{ device: '../x', by: 'Li' }, { device: 'door-001' }, {}])
    expect((await post(wrong)).status).toBe(400)
  expect(forgotten).toEqual([{ device: 'door-001', by: 'Li' }])
})

// Question: can a request to the console or to the push listener, or a crowd of connections that send none, end the box, make it answer
// 500, or keep an honest request out?
import { writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everyMutation } from '../fuzz/structure/structural-mutations.ts'
import { createBoxFolder, startBox, type BoxInProcess } from '../kits/system/box-in-process.ts'

/** One of this many mutations is tried; no divisor of the number of poisons. */
const stride = 13
const place = createBoxFolder()
const token = 'a-long-token-of-a-vendor'
const uplink = {
  deviceInfo: { devEui: '0011223344556677', deviceProfileName: 'LDS02' },
  fCnt: 7,
  fPort: 10,
  object: { DOOR_OPEN_STATUS: 1, BAT_V: 3.1, list: [1, { a: 'b' }] },
}
let box: BoxInProcess
let port = 0

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return free
}

beforeAll(async () => {
  port = await freePort()
  writeFileSync(join(place.folder, 'token'), token)
  box = await startBox(place.folder, {
    push: { port },
    bridges: [
      { id: 'vendor', dialect: 'chirpstack', tokenFile: 'token' },
      { id: 'other', dialect: 'ttn', tokenFile: 'token' },
    ],
    zones: [{ id: 'home', name: 'home' }],
    devices: [{ id: 'button-1', kind: 'button', zone: 'home' }],
  })
}, 60_000)
afterAll(async () => {
  await box.gateway.stop()
  place.remove()
}, 60_000)

const pushed = async (
  body: string,
  path = 'vendor/application/1/device/x/event/up',
  bearer = token,
): Promise<number> =>
  (
    await fetch(`http://127.0.0.1:${port}/push/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}` },
      body,
    })
  ).status

const controlled = async (name: string, body: string): Promise<number> =>
  (
    await fetch(new URL(`/api/v1/${name}`, box.consoleUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  ).status

const health = async (): Promise<number> => (await fetch(new URL('/api/v1/health', box.consoleUrl))).status

test('every node of a pushed message may be anything: it is kept, and the next one too', async () => {
  const statuses = new Map<number, string>()
  for (const { text, what } of everyMutation(uplink, stride)) statuses.set(await pushed(text), what)
  expect([...statuses.keys()]).toEqual([200])
  for (const path of ['vendor/%', 'vendor/%ff%fe', 'vendor//..//%00', `vendor/${'x/'.repeat(2000)}`])
    expect([200, 400]).toContain(await pushed('{}', path))
  expect(await pushed('{}', '%/x')).toBe(401)
  expect(await pushed(JSON.stringify(uplink), 'vendor/application/1/device/x/event/up', 'wrong')).toBe(401)
  expect(await health()).toBe(200)
}, 60_000)

test('every node of a control may be anything: it is done or refused in words', async () => {
  const controls = {
    arm: { zone: 'home', by: 'Li', mode: 'away' },
    disarm: { zone: 'home', by: 'Li' },
    bypass: { device: 'button-1', minutes: 5, by: 'Li' },
    shelve: { alarm: 'a-1', minutes: 5, by: 'Li' },
    maintenance: { zone: 'home', minutes: 5, by: 'Li' },
    forget: { device: 'button-1', by: 'Li' },
    'cameras/cam-1/snapshot': { by: 'Li' },
  }
  for (const [name, body] of Object.entries(controls))
    for (const { text, what } of everyMutation(body, stride))
      expect([name, what, await controlled(name, text)]).toEqual([
        name,
        what,
        expect.toBeOneOf([200, 400, 404, 413]),
      ])
  expect(await health()).toBe(200)
}, 60_000)

test('a push is kept while connections that send nothing hold every place', async () => {
  const idle: Socket[] = Array.from({ length: 650 }, () =>
    connect(port, '127.0.0.1').on('error', () => undefined),
  )
  try {
    await Promise.all(
      idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
    )
    expect(await pushed(JSON.stringify({ ...uplink, fCnt: 8 }))).toBe(200)
  } finally {
    for (const socket of idle) socket.destroy()
  }
}, 60_000)

test('a push is kept while another platform with a right token holds as many connections and requests as it can', async () => {
  const head = `POST /push/other/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000\r\n\r\n{`
  const slow: Socket[] = Array.from({ length: 450 }, () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    socket.once('connect', () => socket.write(head))
    return socket.resume()
  })
  try {
    await Promise.all(
      slow.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
    )
    expect(await pushed(JSON.stringify({ ...uplink, fCnt: 9 }))).toBe(200)
  } finally {
    for (const socket of slow) socket.destroy()
  }
}, 60_000)

// Question: do sessions, users and tokens end when they are ended, and is it logged?
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import * as accounts from '../../../centre/cli/accounts.ts'
import type { SecurityAnswer } from '../../../protocols/desk/accounts.ts'
import type { LoginAnswer, Role } from '../../../protocols/desk/api.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { dropFolder, makeFolder, startCentre, until, type CentreUnderTest } from './centre-parts.ts'

// Each password takes a tenth of a second of a processor, more if many wait for one.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let folder: string
let running: CentreUnderTest
let options: accounts.AccountOptions
const sockets: WebSocket[] = []

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  const config = { dataDir: folder, storage: running.storage }
  options = { config, clock: createSystemClock(), random: createSystemRandom() }
})
afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await running.centre.stop()
  dropFolder(folder)
})

async function addUser(name: string, role: Role = 'operator'): Promise<string> {
  await accounts.createUser(options, { name, role, password: `three lamps of ${name}` })
  return login(name, `three lamps of ${name}`)
}

async function login(user: string, password: string): Promise<string> {
  const answer = await running.post('/api/v1/login', undefined, { user, password })
  return answer.status === 200 ? ((await answer.json()) as LoginAnswer).token : String(answer.status)
}

/** Resolves to the close code of an open stream. */
async function openStream(token: string): Promise<{ ended: Promise<number> }> {
  const url = `${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
  sockets.push(socket)
  socket.on('error', () => undefined)
  const ended = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise<void>((resolve) => socket.once('message', () => resolve()))
  return { ended }
}

const statusOf = async (token: string): Promise<number> => (await running.get('/api/v1/me', token)).status

test('ends the stream of a person who signs out, at once, and no other', async () => {
  const token = await addUser('wang')
  const other = await login('wang', 'three lamps of wang')
  const [stream, stays] = [await openStream(token), await openStream(other)]
  const out = await running.post('/api/v1/logout', token)
  expect(out.headers.get('clear-site-data')).toBe('"cache"')
  expect(await stream.ended).toBe(4401)
  expect(await statusOf(other)).toBe(200)
  expect(await Promise.race([stays.ended, Promise.resolve('open')])).toBe('open')
})

test('a person changes the own password: bad ones are refused, every other session ends', async () => {
  const token = await addUser('zhao')
  const other = await login('zhao', 'three lamps of zhao')
  const stream = await openStream(other)
  const change = (password: string, newPassword: string) =>
    running.post('/api/v1/me/password', token, { password, newPassword })
  const bad = await change('three lamps of zhao', 'Password1')
  expect([bad.status, await bad.json()]).toMatchObject([400, { error: { code: 'bad-password' } }])
  expect((await change('wrong', 'four lamps at the ford')).status).toBe(401)
  const good = await change('three lamps of zhao', 'four lamps at the ford')
  const { token: fresh } = (await good.json()) as { token: string }
  expect(await stream.ended).toBe(4401)
  expect([await statusOf(token), await statusOf(other), await statusOf(fresh)]).toEqual([401, 401, 200])
  expect(await login('zhao', 'three lamps of zhao')).toBe('401')
  const program = await running.post('/api/v1/me/password', running.token(), {
    password: 'x',
    newPassword: 'four lamps at the ford',
  })
  expect(program.status).toBe(404)
})

test('a user disabled or removed on the command line is out, streams too; enabled, in again', async () => {
  const token = await addUser('sun')
  const stream = await openStream(token)
  expect(accounts.setUserDisabled(options, 'sun', true)).toBe(true)
  expect(await stream.ended).toBe(4401)
  expect([await statusOf(token), await login('sun', 'three lamps of sun')]).toEqual([401, '401'])
  expect(accounts.setUserDisabled(options, 'sun', false)).toBe(true)
  const again = await login('sun', 'three lamps of sun')
  expect(await statusOf(again)).toBe(200)
  expect(accounts.listUsers(options).find(({ user }) => user === 'sun')).toMatchObject({
    role: 'operator',
    isDisabled: false,
  })
  expect(accounts.removeUser(options, 'sun')).toBe(true)
  expect([await statusOf(again), await login('sun', 'three lamps of sun')]).toEqual([401, '401'])
  expect(accounts.setUserDisabled(options, 'sun', true)).toBe(false)
  expect(await accounts.setPassword(options, 'sun', 'x')).toBe(false)
})

test('a token of a program acts only as itself, ends at its set time, and can be revoked', async () => {
  await addUser('qian')
  const token = running.token('supervisor', 'qian')
  const me = await running.get('/api/v1/me', token)
  expect(await me.json()).toMatchObject({ user: 'token:qian', role: 'supervisor' })
  // A new password of the user does not affect the program.
  expect(await accounts.setPassword(options, 'qian', 'five lamps at the mill')).toBe(true)
  expect(await statusOf(token)).toBe(200)
  const { id = '' } = accounts.listTokens(options).find(({ name }) => name === 'qian') ?? {}
  const stream = await openStream(token)
  expect(accounts.revokeToken(options, id)).toBe(true)
  expect(await stream.ended).toBe(4401)
  expect([await statusOf(token), accounts.revokeToken(options, id)]).toEqual([401, false])
  const short = accounts.createToken(options, { name: 'short', role: 'operator', lifeMs: 1 })
  await until(async () => (await statusOf(short)) === 401)
  expect(accounts.listTokens(options).some(({ name }) => name === 'short')).toBe(false)
})

test('writes down who did what, for supervisors alone', async () => {
  const supervisor = running.token('supervisor')
  const token = await addUser('feng', 'installer')
  await login('feng', 'wrong')
  expect((await running.get('/api/v1/security', token)).status).toBe(403)
  const found = await until(async () => {
    const answer = await running.get('/api/v1/security?limit=1000', supervisor)
    const { entries } = (await answer.json()) as SecurityAnswer
    const own = entries.filter(({ who }) => who === 'feng')
    return own.length === 4 && own
  })
  expect(found.map(({ what, detail }) => `${what} ${detail}`).toSorted((a, b) => a.localeCompare(b))).toEqual(
    ['refused-by-role /api/v1/security', 'sign-in installer', 'sign-in-failed ', 'user-added installer'],
  )
  const page = (await (
    await running.get('/api/v1/security?limit=1&what=sign-in', supervisor)
  ).json()) as SecurityAnswer
  expect(page.entries.map(({ what }) => what)).toEqual(['sign-in'])
  const next = await running.get(`/api/v1/security?limit=1&what=sign-in&before=${page.next}`, supervisor)
  expect(((await next.json()) as SecurityAnswer).entries).not.toEqual(page.entries)
  const metric = await running.centre.registry.getSingleMetricAsString('gengfu_centre_security_events_total')
  expect(metric).toMatch(/what="sign-in-failed"} [1-9]/)
})

test('a browser that is known passes the throttle that wrong guesses from its network have raised', async () => {
  await addUser('chen')
  const first = await running.post('/api/v1/login', undefined, {
    user: 'chen',
    password: 'three lamps of chen',
  })
  const known = first.headers.getSetCookie().find((cookie) => cookie.startsWith('gengfu_known_')) ?? ''
  expect(known).toMatch(/HttpOnly; SameSite=Strict/)
  for (let i = 0; i < 5; i++) expect(await login('chen', 'wrong')).toBe('401')
  expect(await login('chen', 'three lamps of chen')).toBe('429')
  const answer = await fetch(`${running.centre.httpUrl}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: known.split(';')[0] ?? '' },
    body: JSON.stringify({ user: 'chen', password: 'three lamps of chen' }),
  })
  expect(answer.status).toBe(200)
})

test('behind a trusted proxy one who guesses slows down his own network, and the rest of the town signs in', async () => {
  await addUser('proxied')
  const right = 'three lamps of proxied'
  const from = (address: string, password: string) =>
    fetch(`${running.centre.httpUrl}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ user: 'proxied', password }),
    }).then(({ status }) => status)
  const guesses: number[] = []
  for (let i = 0; i < 7; i++) guesses.push(await from('203.0.113.9', 'wrong wrong wrong'))
  expect(guesses.at(-1)).toBe(429)
  expect(await from('203.0.113.9', right)).toBe(429)
  expect(await from('198.51.100.7', right)).toBe(200)
  // What a stranger writes in front of the header that the proxy adds to counts for nothing.
  expect(await from('198.51.100.7, 203.0.113.9', right)).toBe(429)
})

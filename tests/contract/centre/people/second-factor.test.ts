// Does a second factor guard the sign-in of a person from the first password to the last recovery code, can sessions be seen and
// ended, and do the usual attacks on sessions fail?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret, TOTP } from 'otpauth'
import { WebSocket } from 'ws'
import { createUser } from '../../../../centre/cli/accounts.ts'
import { failuresMax } from '../../../../centre/accounts/login-limit.ts'
import type {
  NewSecondFactorAnswer,
  RecoveryCodesAnswer,
  SessionsAnswer,
} from '../../../../protocols/desk/accounts.ts'
import type { LoginAnswer, Role } from '../../../../protocols/desk/api.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { dropFolder, makeFolder, startCentre } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

const password = 'correct horse battery'
let folder: string
let clock: VirtualClock
let running: CentreUnderTest

beforeAll(async () => {
  folder = makeFolder()
  clock = new VirtualClock()
  running = await startCentre(folder, { clock, config: { accounts: { secondFactorRoles: ['admin'] } } })
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

async function addUser(name: string, role: Role): Promise<void> {
  const options = {
    config: { dataDir: folder, storage: running.storage },
    clock,
    random: createSystemRandom(),
  }
  await createUser(options, { name, role, password })
}
const login = (user: string, more: object = {}) =>
  running.post('/api/v1/login', undefined, { user, password, ...more })
const tokenOf = async (response: Promise<Response>): Promise<string> =>
  ((await (await response).json()) as LoginAnswer).token
const codeOf = async (response: Promise<Response>): Promise<string> =>
  ((await (await response).json()) as { error: { code: string } }).error.code
const appCode = (secret: string): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.wallMs() })
const factorPath = '/api/v1/me/second-factor'

async function enrol(token: string): Promise<{ secret: string; codes: string[] }> {
  const { secret } = (await (
    await running.post(factorPath, token, { password })
  ).json()) as NewSecondFactorAnswer
  const confirmed = await running.post(`${factorPath}/confirm`, token, { code: appCode(secret) })
  clock.advance(60_000)
  return { secret, codes: ((await confirmed.json()) as RecoveryCodesAnswer).recoveryCodes }
}

test('a role that needs one does nothing before it is set up, and then signs in with password and code', async () => {
  await addUser('chief', 'admin')
  const [first, other] = [await tokenOf(login('chief')), await tokenOf(login('chief'))]
  expect(await codeOf(running.get('/api/v1/alarms', first))).toBe('enrol-first')
  expect(await (await running.get('/api/v1/me', first)).json()).toMatchObject({
    user: 'chief',
    mustEnrol: true,
  })
  const refused = await new Promise<number>((resolve) => {
    const socket = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
      headers: { authorization: `Bearer ${first}` },
    })
    socket.on('close', (code) => resolve(code))
    socket.on('error', () => undefined)
  })
  expect(refused).not.toBe(1000)
  expect(await codeOf(running.post(factorPath, first, { password: 'wrong wrong wrong' }))).toBe(
    'wrong-password',
  )
  const { secret, codes } = await enrol(first)
  expect(codes).toHaveLength(10)
  expect((await running.get('/api/v1/alarms', first)).status).toBe(200)
  // The session of another person who knew the password is over.
  expect((await running.get('/api/v1/me', other)).status).toBe(401)
  expect(await codeOf(login('chief'))).toBe('code-needed')
  expect(await codeOf(login('chief', { code: '000000' }))).toBe('wrong-code')
  const code = appCode(secret)
  expect((await login('chief', { code })).status).toBe(200)
  expect(await codeOf(login('chief', { code }))).toBe('wrong-code')
  expect((await login('chief', { code: codes[0] })).status).toBe(200)
  expect(await codeOf(login('chief', { code: codes[0] }))).toBe('wrong-code')
  expect(await codeOf(login('chief', { password: 'wrong wrong wrong', code: codes[1] }))).toBe(
    'wrong-password',
  )
})

test('codes are guessed no faster than passwords, though the password is right each time', async () => {
  await addUser('keeper', 'operator')
  const { secret } = await enrol(await tokenOf(login('keeper')))
  const answers: string[] = []
  for (let i = 0; i < failuresMax.pair + 2; i++)
    answers.push(await codeOf(login('keeper', { code: '000000' })))
  expect(answers.filter((one) => one === 'wrong-code').length).toBeLessThanOrEqual(failuresMax.pair)
  expect(answers.at(-1)).toBe('too-many-tries')
  clock.advance(5 * 60_000)
  expect((await login('keeper', { code: appCode(secret) })).status).toBe(200)
})

test('sessions are listed and ended, by their person and by an administrator, with their streams', async () => {
  await addUser('wang', 'operator')
  const [desk, phone] = [await tokenOf(login('wang')), await tokenOf(login('wang'))]
  const list = async (path: string, token: string) =>
    ((await (await running.get(path, token)).json()) as SessionsAnswer).sessions
  const own = await list('/api/v1/me/sessions', desk)
  expect(own).toHaveLength(2)
  expect(JSON.stringify(own)).not.toContain(desk.slice(0, 12))
  const other = own.find(({ isOwn }) => !isOwn)
  const socket = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
    headers: { authorization: `Bearer ${phone}` },
  })
  await new Promise((resolve) => socket.once('message', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await addUser('zhao', 'operator')
  const stranger = await tokenOf(login('zhao'))
  expect((await running.post(`/api/v1/me/sessions/${other?.id}/end`, stranger, {})).status).toBe(404)
  expect((await running.post(`/api/v1/me/sessions/${other?.id}/end`, desk, {})).status).toBe(200)
  await closed
  expect((await running.get('/api/v1/me', phone)).status).toBe(401)
  const admin = running.token('admin', 'all')
  const [left] = await list('/api/v1/sessions?user=wang', admin)
  expect((await running.post(`/api/v1/sessions/${left?.id}/end`, admin, {})).status).toBe(200)
  expect((await running.get('/api/v1/me', desk)).status).toBe(401)
})

test('a lost phone: an administrator takes the factor off, and the person sets up another one', async () => {
  await addUser('zhou', 'supervisor')
  await enrol(await tokenOf(login('zhou')))
  expect(await codeOf(login('zhou'))).toBe('code-needed')
  expect(
    (await running.post('/api/v1/users/zhou/second-factor/reset', running.token('admin', 'a'), {})).status,
  ).toBe(200)
  expect((await login('zhou')).status).toBe(200)
})

test('a session is never taken from the browser that asks: a planted cookie is replaced, and a foreign page gets nothing', async () => {
  const planted = 'a'.repeat(64)
  const answer = await fetch(`${running.centre.httpUrl}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: `gengfu_session=${planted}` },
    body: JSON.stringify({ user: 'zhao', password }),
  })
  const cookie = answer.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/gengfu_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict/)
  expect(cookie).not.toContain(planted)
  const session = /gengfu_session=[0-9a-f]{64}/.exec(cookie)?.[0] ?? ''
  const from = (headers: Record<string, string>) =>
    fetch(`${running.centre.httpUrl}/api/v1/me/sessions`, { headers: { cookie: session, ...headers } })
  expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await from({ origin: 'https://evil.example' })).status).toBe(403)
  expect((await from({})).status).toBe(200)
  for (const text of [`' OR 1=1 --`, 'zhao" --', '\u0000'])
    expect((await login(text)).status).toBeGreaterThanOrEqual(400)
})

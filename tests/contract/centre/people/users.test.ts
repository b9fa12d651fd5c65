// Are users made and changed at the desk by an administrator who signed in, with their sessions ended and one administrator left?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUser } from '../../../../centre/cli/accounts.ts'
import type { SecurityAnswer, UsersAnswer } from '../../../../protocols/desk/accounts.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { dropFolder, makeFolder, startCentre, until, type CentreUnderTest } from '../centre-parts.ts'

const password = 'a long enough pass phrase'
const other = 'seven geese over the bridge'
let folder: string
let running: CentreUnderTest
let admin: string

const signIn = async (user: string, text = password): Promise<{ status: number; token: string }> => {
  const answer = await running.post('/api/v1/login', undefined, { user, password: text })
  return { status: answer.status, token: ((await answer.json()) as { token: string }).token }
}
const ask = async (path: string, body: object, by = admin): Promise<[number, string | undefined]> => {
  const answer = await running.post(`/api/v1/${path}`, by, body)
  const { error } = (await answer.json()) as { error?: { code: string } }
  return [answer.status, error?.code]
}
const me = async (token: string): Promise<number> => (await running.get('/api/v1/me', token)).status
const users = async (): Promise<UsersAnswer['users']> =>
  ((await (await running.get('/api/v1/users', admin)).json()) as UsersAnswer).users

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  const config = { dataDir: folder, storage: running.storage }
  const options = { config, clock: createSystemClock(), random: createSystemRandom() }
  await createUser(options, { name: 'zhou', role: 'admin', password })
  admin = (await signIn('zhou')).token
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

test('a user is made once, with a good password, and works in the villages that were given', async () => {
  const li = { name: 'li', role: 'operator', scope: ['320612104'], password }
  expect(await ask('users', { ...li, password: '12345678' })).toEqual([400, 'bad-password'])
  expect(await ask('users', { ...li, name: 'a b' })).toEqual([400, 'bad-request'])
  expect(await ask('users', li)).toEqual([200, undefined])
  expect(await ask('users', { ...li, role: 'admin' })).toEqual([409, 'user-exists'])
  const { token } = await signIn('li')
  const answer = await (await running.get('/api/v1/me', token)).json()
  expect(answer).toMatchObject({ user: 'li', role: 'operator', scope: ['320612104'] })
  expect(JSON.stringify(await users())).not.toContain(password)
})

test('role, villages, disabling and a new password end the sessions at once', async () => {
  const before = (await signIn('li')).token
  expect(await ask('users/li', { role: 'supervisor', scope: null })).toEqual([200, undefined])
  expect(await me(before)).toBe(401)
  const { token } = await signIn('li')
  const answer = (await (await running.get('/api/v1/me', token)).json()) as object
  expect(answer).toMatchObject({ role: 'supervisor' })
  expect(answer).not.toHaveProperty('scope')
  expect(await ask('users/li/password', { password: other })).toEqual([200, undefined])
  expect(await me(token)).toBe(401)
  expect((await signIn('li')).status).toBe(401)
  const again = (await signIn('li', other)).token
  expect(await ask('users/li/sessions/end', {})).toEqual([200, undefined])
  expect(await me(again)).toBe(401)
  expect(await ask('users/li', { isDisabled: true })).toEqual([200, undefined])
  expect((await signIn('li', other)).status).toBe(401)
  expect((await users()).find(({ user }) => user === 'li')).toMatchObject({ isDisabled: true })
  expect(await ask('users/li', { isDisabled: false })).toEqual([200, undefined])
  expect((await signIn('li', other)).status).toBe(200)
  for (const path of ['users/nobody', 'users/nobody/sessions/end'])
    expect(await ask(path, {})).toEqual([404, 'not-found'])
})

test('an administrator keeps the own account, one of the whole town remains, and a token makes no accounts', async () => {
  expect(await ask('users/zhou', { role: 'operator' })).toEqual([409, 'own-account'])
  expect(await ask('users/zhou/password', { password: other })).toEqual([409, 'own-account'])
  expect(await ask('users', { name: 'chen', role: 'admin', password })).toEqual([200, undefined])
  const chen = (await signIn('chen')).token
  expect(await ask('users/zhou', { scope: ['320612104'] }, chen)).toEqual([200, undefined])
  admin = (await signIn('zhou')).token
  // Of a part of the town now: it sees no accounts.
  expect(await ask('users/chen', { isDisabled: true })).toEqual([403, 'forbidden'])
  expect(await ask('users/zhou', { scope: null }, chen)).toEqual([200, undefined])
  admin = (await signIn('zhou')).token
  expect(await ask('users/chen', { isDisabled: true })).toEqual([200, undefined])
  const robot = running.token('admin', 'robot')
  expect(await ask('users', { name: 'x', role: 'admin', password }, robot)).toEqual([403, 'forbidden'])
  // The last one: only a program could ask, and may not.
  expect(await ask('users/zhou', { isDisabled: true }, robot)).toEqual([403, 'forbidden'])
  const log = await until(async () => {
    const answer = await running.get('/api/v1/security?what=user-role-changed', admin)
    const { entries } = (await answer.json()) as SecurityAnswer
    return entries.length > 0 ? entries : undefined
  })
  expect(log).toMatchObject([{ who: 'li', detail: 'supervisor by zhou' }])
})

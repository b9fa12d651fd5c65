// Are tokens of programs made, listed and revoked by a person alone, with a role, a scope and an end?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUser } from '../../../../centre/cli/accounts.ts'
import type { NewTokenAnswer, SecurityAnswer, TokensAnswer } from '../../../../protocols/desk/accounts.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { createSteppedClock } from '../../../kits/system/box-in-process.ts'
import { dropFolder, makeFolder, startCentre, until, type CentreUnderTest } from '../centre-parts.ts'

const clock = createSteppedClock()
const password = 'a long enough pass phrase'
let folder: string
let running: CentreUnderTest
let admin: string

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder, { clock })
  const config = { dataDir: folder, storage: running.storage }
  await createUser({ config, clock, random: createSystemRandom() }, { name: 'zhou', role: 'admin', password })
  const answer = await running.post('/api/v1/login', undefined, { user: 'zhou', password })
  admin = ((await answer.json()) as { token: string }).token
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

const make = async (body: object, by = admin): Promise<{ status: number; made: NewTokenAnswer }> => {
  const answer = await running.post('/api/v1/tokens', by, body)
  return { status: answer.status, made: (await answer.json()) as NewTokenAnswer }
}
const list = async (): Promise<TokensAnswer> =>
  (await (await running.get('/api/v1/tokens', admin)).json()) as TokensAnswer
const statusOf = async (path: string, token: string): Promise<number> =>
  (await running.get(path, token)).status

test('a token works in its scope until it is revoked; the list never shows it', async () => {
  const { made } = await make({ name: 'board', role: 'auditor', scope: ['320612104'], days: 30 })
  const me = await (await running.get('/api/v1/me', made.token)).json()
  expect(me).toMatchObject({ user: 'token:board', role: 'auditor', scope: ['320612104'] })
  expect(await statusOf('/api/v1/audit', made.token)).toBe(403)
  const listed = await list()
  expect(listed.tokens).toMatchObject([{ id: made.summary.id, name: 'board', role: 'auditor' }])
  expect(JSON.stringify(listed)).not.toContain(made.token)
  const revoke = `/api/v1/tokens/${made.summary.id}/revoke`
  expect((await running.post(revoke, admin)).status).toBe(200)
  expect(await statusOf('/api/v1/me', made.token)).toBe(401)
  expect((await running.post(revoke, admin)).status).toBe(404)
})

test('a token ends by itself', async () => {
  const { made } = await make({ name: 'short', role: 'operator', days: 1 })
  expect(await statusOf('/api/v1/me', made.token)).toBe(200)
  clock.offsetMs += 86_400_000 + 1000
  expect(await statusOf('/api/v1/me', made.token)).toBe(401)
  clock.offsetMs = 0
})

test('a token makes and revokes no other, also with the role of an administrator', async () => {
  const { made } = await make({ name: 'robot', role: 'admin' })
  expect((await make({ name: 'heir', role: 'admin' }, made.token)).status).toBe(403)
  expect((await running.post(`/api/v1/tokens/${made.summary.id}/revoke`, made.token)).status).toBe(403)
})

test.each([
  { name: 'a b', role: 'operator' },
  { name: 'x', role: 'king' },
  { name: 'x', role: 'operator', days: 0 },
  { name: 'x', role: 'operator', days: 4000 },
  { name: 'x', role: 'operator', scope: [] },
  { name: 'x', role: 'operator', scope: ['a,b'] },
  { name: 'x', role: 'operator', scope: ['320612104201-1'] },
])('refuses %j', async (body) => {
  expect((await make(body)).status).toBe(400)
})

test('the security log names who made and who revoked', async () => {
  await make({ name: 'named', role: 'operator' })
  const newest = await until(async () => {
    const answer = await running.get('/api/v1/security?what=token-made&limit=1', admin)
    const { entries } = (await answer.json()) as SecurityAnswer
    return entries[0]?.who === 'named' ? entries[0] : undefined
  })
  expect(newest.detail).toBe('operator by zhou')
})

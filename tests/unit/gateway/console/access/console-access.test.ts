// The claim of a new box, sign-in, sessions and the door to the village's network.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { accessFile } from '../../../../../gateway/console/access/access-file.ts'
import {
  ConsoleAccess,
  openAfterClaimMs,
  sessionIdleMs,
  sessionMsMax,
} from '../../../../../gateway/console/access/console-access.ts'
import { checkNewPassword } from '../../../../../gateway/console/access/console-passwords.ts'
import {
  inVillage,
  onBox,
  openConsoleKit,
  sessionHeaders,
  type ConsoleKit,
} from '../../../../kits/console/console-kit.ts'

const password = 'brook under old stones'
let kit: ConsoleKit
beforeEach(async () => {
  kit = await openConsoleKit()
})
afterEach(() => kit.stop())

const claim = (code = kit.access.claimCode, from = inVillage) =>
  kit.ask(from, 'POST', '/api/v1/session/claim', { body: { code, name: 'Li', password } })
const signIn = (given = password, name = 'Li') =>
  kit.ask(inVillage, 'POST', '/api/v1/session/sign-in', { body: { name, password: given } })
const again = (labelCode?: string): ConsoleAccess =>
  new ConsoleAccess({
    dataDir: join(kit.folder, 'data'),
    labelCode,
    isForVillage: true,
    clock: { monotonicMs: () => kit.clock.steadyMs },
    steadyMs: () => kit.clock.steadyMs,
    knownNames: [],
  })

it('is claimed once, with the code that it keeps over a restart', async () => {
  expect(again().claimCode).toBe(kit.access.claimCode)
  expect((await claim('0000-0000-0000-0')).status).toBe(401)
  const claimed = await claim()
  expect(claimed).toMatchObject({ status: 200, body: { me: { name: 'Li', role: 'installer' } } })
  expect(String(claimed.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/)
  expect((await claim('0000-0000-0000-0')).status).toBe(409)
  expect(kit.access.claimCode).toBeUndefined()
  expect(
    (await kit.ask(inVillage, 'GET', '/api/v1/health', { headers: sessionHeaders(claimed) })).status,
  ).toBe(200)
  expect((await signIn()).status).toBe(200)
  const stored = readFileSync(join(kit.folder, 'data', accessFile), 'utf8')
  expect(stored).not.toContain(password)
  expect(statSync(join(kit.folder, 'data', accessFile)).mode & 0o077).toBe(0)
})

it('takes the code of the label, and after a reset another one', () => {
  kit.access.reset()
  const label = kit.access.claimCode ?? ''
  const made = again(label)
  expect(made.claimCode).toBe(label)
  made.reset()
  expect(made.claimCode).not.toBe(label)
})

it('has no default password, and takes none that is guessed first', async () => {
  for (const [name, given] of [
    ['admin', 'admin'],
    ['installer', ''],
    ['Li', ''],
  ])
    expect((await signIn(given, name)).status).toBeGreaterThanOrEqual(400)
  for (const weak of ['short', '1234567890', 'aaaaaaaaaaaa', 'gengfu12345', 'password12', 'new-box-1234'])
    expect(checkNewPassword(weak, ['new-box']).ok).toBe(false)
  expect(checkNewPassword(password, ['new-box']).ok).toBe(true)
})

it('slows guesses of codes and passwords down, and lets an honest person in again after a while', async () => {
  for (let n = 0; n < 10; n++) expect((await claim('0000-0000-0000-0')).status).toBe(401)
  expect((await claim()).status).toBe(429)
  kit.clock.steadyMs += 11_000
  expect((await claim()).status).toBe(200)
  for (let n = 0; n < 10; n++) expect((await signIn('wrong wrong')).status).toBe(401)
  expect((await signIn()).status).toBe(429)
  kit.clock.steadyMs += 11_000
  expect((await signIn()).status).toBe(200)
}, 60_000)

it('ends a session by sign-out, after half an hour without a request, and after twelve hours', async () => {
  await claim()
  const look = async (headers: ReturnType<typeof sessionHeaders>) =>
    (await kit.ask(onBox, 'GET', '/api/v1/session', { headers })).body['me']
  const begin = async () => sessionHeaders(await signIn())
  const one = await begin()
  expect(await look(one)).toBeDefined()
  await kit.ask(inVillage, 'POST', '/api/v1/session/sign-out', { body: {}, headers: one })
  expect(await look(one)).toBeUndefined()
  const idle = await begin()
  await look(idle)
  kit.clock.steadyMs += sessionIdleMs + 1
  expect(await look(idle)).toBeUndefined()
  const long = await begin()
  for (let gone = 0; gone < sessionMsMax; gone += sessionIdleMs) {
    expect(await look(long)).toBeDefined()
    kit.clock.steadyMs += sessionIdleMs
  }
  kit.clock.steadyMs += 1
  expect(await look(long)).toBeUndefined()
})

it('keeps sessions over a restart, and ends those of a person whose password changes', async () => {
  const headers = sessionHeaders(await claim())
  const token = String(headers['cookie']).split('=')[1] ?? ''
  expect(again().sessionOf(token)).toEqual({ name: 'Li', role: 'installer' })
  await kit.access.setPerson('Li', 'installer', `${password} anew`)
  expect(again().sessionOf(token)).toBeUndefined()
})

it('never loses its last installer', async () => {
  await claim()
  expect(kit.access.removePerson('Li').ok).toBe(false)
  expect((await kit.access.setPerson('Li', 'maintainer', password)).ok).toBe(false)
  expect((await kit.access.setPerson('Wang', 'installer', password)).ok).toBe(true)
  expect(kit.access.removePerson('Li').ok).toBe(true)
})

it('closes to the village some hours after the claim, and opens again from the box alone', async () => {
  const status = async () => (await kit.ask(inVillage, 'GET', '/api/v1/session')).status
  const headers = sessionHeaders(await claim())
  expect(await status()).toBe(200)
  const refused = await kit.ask(inVillage, 'POST', '/api/v1/console/open', { body: { minutes: 60 }, headers })
  expect(refused.status).toBe(403)
  kit.clock.steadyMs += openAfterClaimMs + 1
  expect(await status()).toBe(403)
  expect((await kit.ask(onBox, 'GET', '/api/v1/session')).status).toBe(200)
  const opened = await kit.ask(onBox, 'POST', '/api/v1/console/open', { body: { minutes: 5, by: 'Zhao' } })
  expect(opened).toMatchObject({ status: 200, body: { openForMs: 300_000 } })
  await expect.poll(status, { timeout: 5000 }).toBe(200)
  await kit.ask(onBox, 'POST', '/api/v1/console/close', { body: {} })
  // The listener itself is gone from that network, or still refuses while it moves.
  await expect.poll(() => status().catch(() => 0), { timeout: 5000 }).toBe(0)
  expect((await kit.ask(onBox, 'GET', '/api/v1/session')).status).toBe(200)
})

it('answers on the box alone when the file of its people is damaged: no one can claim it', async () => {
  await claim()
  writeFileSync(join(kit.folder, 'data', accessFile), '{"v":1,')
  const damaged = again()
  expect(damaged.problem).toContain(accessFile)
  expect(damaged.openForMs()).toBe(0)
  const attempt = { name: 'x', password, address: inVillage, isFromVillage: true }
  expect(await damaged.claim('0000-0000-0000-0', attempt)).toMatchObject({ status: 409 })
})

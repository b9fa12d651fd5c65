// Is a sign-in by the town's directory finished only by the browser that began it, once, in time, and refused in words without the directory?
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { DirectorySignIn, pendingLifeMs } from '../../../../centre/accounts/directory-sign-in.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

let server: Server
let issuer: string
let isThere: boolean
let clock: VirtualClock
let directory: DirectorySignIn
let answer: 'right' | 'endless' | 'silent'
/** Requests for a token. */
let asked = 0
const tooLong = expect.objectContaining({ message: expect.stringContaining('more than') as string }) as Error

const finish = (state: string, address = '10.0.0.1'): Promise<string> =>
  directory.finish({ state, code: 'c' }, state, address)
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/token') asked++
    if (answer === 'silent') return
    if (answer === 'endless') {
      response.setHeader('content-type', 'application/json')
      const part = Buffer.alloc(65_536, ' ')
      const more = (): void => {
        while (!response.destroyed && response.write(part));
      }
      response.on('drain', more)
      more()
      return
    }
    if (!isThere) return response.writeHead(503).end()
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  isThere = true
  answer = 'right'
  asked = 0
  clock = new VirtualClock()
  directory = new DirectorySignIn(
    {
      issuer,
      clientId: 'desk',
      clientSecret: 's',
      redirectUrl: 'https://desk.example/api/v1/oidc/callback',
      userClaim: 'sub',
    },
    clock,
  )
})

it('sends the browser to the directory with a challenge, a nonce and a state of its own each time', async () => {
  const [first, second] = [await directory.begin(), await directory.begin()]
  const query = new URL(first.url).searchParams
  expect(first.url.startsWith(`${issuer}/authorize`)).toBe(true)
  expect(query.get('code_challenge_method')).toBe('S256')
  expect(query.get('state')).toBe(first.state)
  expect(query.get('nonce')).toBeTruthy()
  expect(second.state).not.toBe(first.state)
})

it.each([
  ['without the cookie', undefined, 'mine'],
  ['with the state of another sign-in', 'mine', 'other'],
  ['with a state that was never given', 'invented', 'invented'],
])('refuses to finish %s', async (_name, cookie, inQuery) => {
  const { state } = await directory.begin()
  const of = (word: string | undefined) => (word === 'mine' ? state : word)
  const query = { state: of(inQuery) ?? '', code: 'c' }
  await expect(directory.finish(query, of(cookie), '10.0.0.1')).rejects.toThrow('did not begin')
})

it('takes each state once, and none after its time', async () => {
  const { state } = await directory.begin()
  // The directory of this test gives no tokens: the first attempt fails there, the second one before it.
  await expect(directory.finish({ state, code: 'c' }, state, '10.0.0.1')).rejects.toThrow('did not confirm')
  await expect(directory.finish({ state, code: 'c' }, state, '10.0.0.1')).rejects.toThrow('did not begin')
  const late = await directory.begin()
  clock.advance(pendingLifeMs + 1)
  await expect(directory.finish({ state: late.state, code: 'c' }, late.state, '10.0.0.1')).rejects.toThrow(
    'too long ago',
  )
})

it('finishes a sign-in whatever number of others was begun since: they take no place', async () => {
  const { state } = await directory.begin()
  for (let begun = 0; begun < 600; begun++) await directory.begin()
  await expect(finish(state)).rejects.toThrow('did not confirm')
})

it('reads an endless answer of the directory to a bound', async () => {
  const { state } = await directory.begin()
  answer = 'endless'
  await expect(finish(state)).rejects.toMatchObject({ cause: { cause: tooLong } })
})

it('asks a silent directory a few questions for each network, and keeps no other network out', async () => {
  const begun = await Promise.all(Array.from({ length: 31 }, () => directory.begin()))
  answer = 'silent'
  const words = begun
    .slice(1)
    .map(({ state }) => finish(state, '10.0.0.9').catch((error: Error) => error.message))
  await until(() => asked === 10)
  const other = finish(begun[0]?.state ?? '', '10.0.0.1').catch((error: Error) => error.message)
  await until(() => asked === 11)
  server.closeAllConnections()
  expect(await other).toContain('did not confirm')
  expect((await Promise.all(words)).filter((one) => one.includes('too many sign-ins'))).toHaveLength(20)
})

it('says that the directory can not be reached, and asks it again at the next sign-in', async () => {
  isThere = false
  await expect(directory.begin()).rejects.toThrow('can not be reached')
  isThere = true
  expect((await directory.begin()).url).toContain(issuer)
})

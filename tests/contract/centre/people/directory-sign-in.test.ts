// Does a sign-in by a foreign OpenID Connect provider open a session of the account of that name, and of no other account?
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUser } from '../../../../centre/cli/accounts.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { freePort } from '../../../kits/system/programs.ts'
import { dropFolder, makeFolder, startCentre } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

let folder: string
let provider: Server
let running: CentreUnderTest

beforeAll(async () => {
  folder = makeFolder()
  const port = await freePort()
  provider = createServer()
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  const redirectUrl = `http://127.0.0.1:${port}/api/v1/oidc/callback`
  const directory = new Provider(issuer, {
    clients: [{ client_id: 'gengfu', client_secret: 'a secret of the town', redirect_uris: [redirectUrl] }],
    // Whatever name is typed at the provider is the person's.
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id }),
    }),
    claims: { openid: ['sub', 'preferred_username'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['for the test'] },
  })
  const answer = directory.callback()
  provider.on('request', (request, response) => void answer(request, response))
  writeFileSync(join(folder, 'secret'), 'a secret of the town\n')
  running = await startCentre(folder, {
    config: {
      http: { host: '127.0.0.1', port },
      accounts: {
        oidc: { issuer, clientId: 'gengfu', clientSecretFile: join(folder, 'secret'), redirectUrl },
      },
    },
  })
  const options = {
    config: { dataDir: folder, storage: running.storage },
    clock: createSystemClock(),
    random: createSystemRandom(),
  }
  await createUser(options, {
    name: 'li',
    role: 'supervisor',
    password: 'correct horse battery',
    scope: ['320612104'],
  })
})
afterAll(async () => {
  await running.centre.stop()
  provider.closeAllConnections()
  await new Promise((resolve) => provider.close(resolve))
  dropFolder(folder)
})

/** A browser: follows redirects one by one and keeps cookies by host. */
class Browser {
  readonly cookies = new Map<string, string>()

  async go(
    url: string,
    form?: Record<string, string>,
  ): Promise<{ response: Response; text: string; url: string }> {
    const { host } = new URL(url)
    const own = [...this.cookies]
      .filter(([key]) => key.startsWith(`${host} `))
      .map(([key, value]) => `${key.split(' ')[1]}=${value}`)
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        cookie: own.join('; '),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(form ? { method: 'POST', body: new URLSearchParams(form).toString() } : {}),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.cookies.set(`${host} ${name}`, value)
    }
    return { response, text: await response.text(), url }
  }

  /** Until a page, or an address that `isEnd`. */
  async follow(url: string, isEnd: (next: string) => boolean = () => false, form?: Record<string, string>) {
    let step = await this.go(url, form)
    for (let hops = 0; hops < 10; hops++) {
      const location = step.response.headers.get('location')
      if (location === null) return { ...step, next: '' }
      const next = new URL(location, step.url).href
      if (isEnd(next)) return { ...step, next }
      step = await this.go(next)
    }
    throw new Error('too many redirects')
  }
}

const isCallback = (next: string): boolean => next.includes('/oidc/callback')
const actionOf = ({ text, url }: { text: string; url: string }): string =>
  new URL(/action="([^"]+)"/.exec(text)?.[1] ?? '', url).href

/** From the desk to the provider and up to the address with the proof. */
async function prove(browser: Browser, name: string): Promise<string> {
  const asked = await browser.follow(`${running.centre.httpUrl}/api/v1/oidc/start`)
  const consent = await browser.follow(actionOf(asked), isCallback, {
    prompt: 'login',
    login: name,
    password: 'any',
  })
  if (consent.next !== '') return consent.next
  return (await browser.follow(actionOf(consent), isCallback, { prompt: 'consent' })).next
}
const sessionOf = (browser: Browser): string =>
  [...browser.cookies]
    .filter(([key]) => key.endsWith(' gengfu_session'))
    .map(([, value]) => value)
    .join('')
const endOf = async (browser: Browser, callback: string): Promise<string | null> =>
  (await browser.go(callback)).response.headers.get('location')

test('opens a session of the account of that name, with its role and villages', async () => {
  const browser = new Browser()
  const callback = await prove(browser, 'li')
  expect(await endOf(browser, callback)).toBe('../../../')
  const me = await fetch(`${running.centre.httpUrl}/api/v1/me`, {
    headers: { cookie: `gengfu_session=${sessionOf(browser)}` },
  })
  expect(await me.json()).toMatchObject({ user: 'li', role: 'supervisor', scope: ['320612104'] })
  // The proof counts once.
  expect(await endOf(browser, callback)).toBe('../../../?sign-in=refused')
})

test('lets nobody in without an account, and makes none', async () => {
  const browser = new Browser()
  expect(await endOf(browser, await prove(browser, 'stranger'))).toBe('../../../?sign-in=unknown')
  expect(sessionOf(browser)).toBe('')
})

test('a proof that was planted by a link from elsewhere, or changed, opens nothing', async () => {
  const [attacker, victim] = [new Browser(), new Browser()]
  const callback = await prove(attacker, 'li')
  expect(await endOf(victim, callback)).toBe('../../../?sign-in=refused')
  expect(sessionOf(victim)).toBe('')
  const changed = new URL(callback)
  changed.searchParams.set('code', 'guessed')
  expect(await endOf(attacker, changed.href)).toBe('../../../?sign-in=refused')
  expect(sessionOf(attacker)).toBe('')
})

test('the centre works, and says so, while the directory can not be reached', async () => {
  const other = makeFolder()
  writeFileSync(join(other, 'secret'), 's')
  const oidc = {
    issuer: 'http://127.0.0.1:9',
    clientId: 'g',
    clientSecretFile: join(other, 'secret'),
    redirectUrl: 'http://127.0.0.1:9/api/v1/oidc/callback',
  }
  const alone = await startCentre(other, { config: { accounts: { oidc } } })
  const answer = await fetch(`${alone.centre.httpUrl}/api/v1/oidc/start`, { redirect: 'manual' })
  expect(answer.headers.get('location')).toBe('../../../?sign-in=unreachable')
  expect(await (await alone.get('/api/v1/sign-in')).json()).toEqual({ directory: true })
  await alone.centre.stop()
  dropFolder(other)
})

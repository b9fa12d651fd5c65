// Who may do what at the console: every route with every role, over real sockets, and the usual ways around a sign-in.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OutgoingHttpHeaders } from 'node:http'
import { consoleRoutes } from '../../../../../gateway/console/console-server.ts'
import { roles, type Role } from '../../../../../gateway/console/access/callers.ts'
import {
  inVillage,
  onBox,
  openConsoleKit,
  sessionHeaders,
  type ConsoleKit,
} from '../../../../kits/console/console-kit.ts'

/** Installer, maintainer, stranger, local: written by hand, so that a change of a route shows here. */
const matrix: Record<string, string> = {
  'GET /api/v1/session': 'IMSL',
  'POST /api/v1/session/sign-in': 'IMSL',
  'POST /api/v1/session/sign-out': 'IM L',
  'GET /api/v1/people': 'I  L',
  'POST /api/v1/people/set': 'I  L',
  'POST /api/v1/people/remove': 'I  L',
  'POST /api/v1/console/open': '   L',
  'POST /api/v1/console/close': 'I  L',
  'GET /api/v1/console': '   L',
  'POST /api/v1/console/reset': '   L',
  'GET /api/v1/health': 'IM L',
  'GET /api/v1/devices': 'IM L',
  'GET /api/v1/quarantine': 'IM L',
  'GET /api/v1/snapshots/ab12cd34ab12cd34/preview': 'IM L',
  'POST /api/v1/arm': 'I  L',
  'POST /api/v1/maintenance': 'IM L',
  'POST /api/v1/cameras/camera-1/snapshot': 'IM L',
  'POST /api/v1/cameras/camera-1/password': 'I  L',
  'POST /api/v1/forget': 'IM L',
  'POST /api/v1/devices/rename': 'IM L',
  'POST /api/v1/devices/adopt': 'I  L',
  'POST /api/v1/bridges/bridge-1/permit-join': 'I  L',
  'GET /api/v1/setup': 'I  L',
  'GET /api/v1/network': 'IM L',
  'GET /api/v1/link-test': 'IM L',
  'POST /api/v1/setup/language': 'I  L',
  'POST /api/v1/setup/village': 'I  L',
  'POST /api/v1/setup/uplink': 'I  L',
  'POST /api/v1/setup/time': 'I  L',
  'POST /api/v1/setup/step': 'I  L',
  'POST /api/v1/devices/import': 'I  L',
  'POST /api/v1/devices/add': 'I  L',
  'POST /api/v1/devices/edit': 'I  L',
  'POST /api/v1/devices/credentials': 'I  L',
  'POST /api/v1/devices/door': 'I  L',
  'GET /api/v1/settings': 'IM L',
  'GET /api/v1/settings/yaml': 'IM L',
  'POST /api/v1/settings': 'I  L',
  'POST /api/v1/settings/undo': 'I  L',
  'POST /api/v1/settings/settle': 'I  L',
  'POST /api/v1/settings/import': 'I  L',
  'GET /api/v1/listener': 'IM L',
  'GET /api/v1/listener/ca.crt': 'IM L',
  'POST /api/v1/listener': 'I  L',
  'POST /api/v1/cameras/find': 'I  L',
  'POST /api/v1/cameras/try': 'I  L',
  'POST /api/v1/cameras/save': 'I  L',
  'POST /api/v1/cameras/add': 'I  L',
  'POST /api/v1/cameras/remove': 'I  L',
  'GET /api/v1/plan': 'IM L',
  'GET /api/v1/plan/picture': 'IM L',
  'POST /api/v1/plan/picture': 'I  L',
  'POST /api/v1/plan/remove': 'I  L',
  'POST /api/v1/plan/places': 'I  L',
  'GET /api/v1/handover': 'IM L',
  'POST /api/v1/handover': 'I  L',
  'GET /api/v1/devices/list.csv': 'IM L',
  'GET /api/v1/walk-test': 'IM L',
  'GET /api/v1/outlets': 'IM L',
  'POST /api/v1/outlets/police/test': 'IM L',
}
const letterOf: Record<Role, string> = { installer: 'I', maintainer: 'M', stranger: 'S', local: 'L' }

const password = 'brook under old stones'
let kit: ConsoleKit
let installer: OutgoingHttpHeaders
let maintainer: OutgoingHttpHeaders

beforeAll(async () => {
  kit = await openConsoleKit()
  const code = kit.access.claimCode
  const claimed = await kit.ask(inVillage, 'POST', '/api/v1/session/claim', {
    body: { code, name: 'Li', password },
  })
  installer = sessionHeaders(claimed)
  await kit.access.setPerson('Wang', 'maintainer', password)
  maintainer = sessionHeaders(
    await kit.ask(inVillage, 'POST', '/api/v1/session/sign-in', { body: { name: 'Wang', password } }),
  )
})
afterAll(() => kit.stop())

const headersOf = (role: Role): OutgoingHttpHeaders =>
  role === 'installer' ? installer : role === 'maintainer' ? maintainer : {}
const placeOf = (role: Role): string => (role === 'local' ? onBox : inVillage)

it('has a row for each route', () => {
  const routes = consoleRoutes(kit.options).map(({ method, example }) => `${method} ${example}`)
  expect(routes).toEqual(Object.keys(matrix))
  for (const { path, example } of consoleRoutes(kit.options)) expect(example).toMatch(path)
})

// Requests that end a session or close the door would change what the other cells meet.
const ending = /sign-out|console\/(close|reset|open)/
const cells = Object.entries(matrix).flatMap(([route, letters]) =>
  roles.map((role) => ({ route, role, letters })),
)

it.each(cells.filter(({ route }) => !ending.test(route)))(
  '$route for $role',
  async ({ route, role, letters }) => {
    const [method = '', path = ''] = route.split(' ')
    const body = method === 'POST' ? { body: { odd: 1 } } : {}
    const { status } = await kit.ask(placeOf(role), method, path, { ...body, headers: headersOf(role) })
    // 401 in an open cell is the answer to a wrong password alone.
    const answers = path.includes('session') ? [200, 400, 401, 404] : [200, 400, 404]
    const refusal = role === 'stranger' ? 401 : 403
    expect(letters.includes(letterOf[role]) ? answers : [refusal]).toContain(status)
  },
)

it.each(cells.filter(({ route, role, letters }) => ending.test(route) && !letters.includes(letterOf[role])))(
  '$route is refused for $role',
  async ({ route, role }) => {
    const [method = '', path = ''] = route.split(' ')
    const { status } = await kit.ask(placeOf(role), method, path, { body: {}, headers: headersOf(role) })
    expect(status).toBe(role === 'stranger' ? 401 : 403)
  },
)

it('refuses a change without the proof of the page, of another type, or from a page of another origin', async () => {
  const body = { zone: 'box', minutes: 1, by: 'x' }
  const post = (headers: OutgoingHttpHeaders) =>
    kit.ask(inVillage, 'POST', '/api/v1/maintenance', {
      body,
      headers: { cookie: installer['cookie'], ...headers },
    })
  const proof = { 'x-gengfu-page': installer['x-gengfu-page'] }
  expect((await post(proof)).status).toBe(200)
  expect((await post({})).status).toBe(403)
  expect((await post({ 'x-gengfu-page': maintainer['x-gengfu-page'] })).status).toBe(403)
  expect((await post({ ...proof, 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post({ ...proof, origin: 'http://evil.example' })).status).toBe(403)
  expect((await post({ ...proof, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
})

it.each(['/', '/api/v1/session', '/api/v1/health', '/api/v1/settings/yaml'])(
  'gives nothing of %s to a page whose name was pointed at the box',
  async (path) => {
    for (const host of ['evil.example', 'gengfu.local.evil.example', '192.0.2.7.evil.example:8080'])
      expect((await kit.ask(inVillage, 'GET', path, { headers: { ...installer, host } })).status).toBe(403)
    for (const host of ['gengfu.local:8080', '192.168.1.9'])
      expect((await kit.ask(inVillage, 'GET', path, { headers: { ...installer, host } })).status).toBe(200)
  },
)

it('takes a request that a proxy on the box brings for one of the network', async () => {
  for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
    expect((await kit.ask(onBox, 'GET', '/api/v1/health', { headers: { [name]: '192.0.2.9' } })).status).toBe(
      401,
    )
  expect((await kit.ask(onBox, 'GET', '/api/v1/health')).status).toBe(200)
})

it('writes the name of the signed-in person, whatever the page sends', async () => {
  for (const more of [{ by: 'another' }, {}])
    await kit.ask(inVillage, 'POST', '/api/v1/maintenance', {
      body: { zone: 'box', minutes: 1, ...more },
      headers: maintainer,
    })
  expect(kit.controls.slice(-2).map((body) => (JSON.parse(body) as { by: string }).by)).toEqual([
    'Wang',
    'Wang',
  ])
})

// Does every route, and the stream, keep each role to its rights, and an account with a scope to its own villages?
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { enrolWithCentre } from '../../../gateway/config/enrolment/enrol-with-centre.ts'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import {
  dropFolder,
  enrolmentSettings,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
} from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

const everybody = roles
const answering: readonly Role[] = ['operator', 'supervisor', 'admin']
const leading: readonly Role[] = ['supervisor', 'admin']
const repairing: readonly Role[] = ['supervisor', 'maintainer', 'installer', 'auditor', 'admin']
const ordering: readonly Role[] = ['supervisor', 'maintainer', 'installer', 'admin']
const overseeing: readonly Role[] = ['supervisor', 'auditor', 'admin']

/**
 * For an account with a scope. `path`: other villages do not exist. `filtered`: they are left out of the answer.
 * `whole`: refused, it concerns the whole town. `none`: it concerns no village. `nothing`: not here, for any account.
 */
interface Cell {
  may: readonly Role[] | 'open'
  scope: 'path' | 'filtered' | 'whole' | 'none' | 'nothing'
  body?: object
}

const step = (body: object = {}): Cell => ({ may: answering, scope: 'path', body })
const cells: Record<string, Cell> = {
  'GET /healthz': { may: 'open', scope: 'none' },
  'GET /metrics': { may: 'open', scope: 'none' },
  'POST /api/v1/login': { may: 'open', scope: 'none' },
  'GET /api/v1/openapi.json': { may: 'open', scope: 'none' },
  'GET /api/v1/me': { may: everybody, scope: 'none' },
  'POST /api/v1/me/stay': { may: everybody, scope: 'none' },
  'POST /api/v1/me/password': {
    may: everybody,
    scope: 'nothing',
    body: { password: 'a', newPassword: 'b' },
  },
  // No password and no phone behind a token: tests/contract/centre/people/second-factor.test.ts.
  'GET /api/v1/me/second-factor': { may: everybody, scope: 'nothing' },
  'POST /api/v1/me/second-factor': { may: everybody, scope: 'nothing', body: { password: 'a' } },
  'POST /api/v1/me/second-factor/confirm': { may: everybody, scope: 'nothing', body: { code: '000000' } },
  'POST /api/v1/me/second-factor/remove': {
    may: everybody,
    scope: 'nothing',
    body: { password: 'a', code: '000000' },
  },
  'POST /api/v1/users/{name}/second-factor/reset': { may: ['admin'], scope: 'whole' },
  'GET /api/v1/me/sessions': { may: everybody, scope: 'none' },
  'POST /api/v1/me/sessions/{sessionId}/end': { may: everybody, scope: 'nothing' },
  'GET /api/v1/sessions': { may: ['admin'], scope: 'whole' },
  'POST /api/v1/sessions/{sessionId}/end': { may: ['admin'], scope: 'whole' },
  // Made and revoked by a person who signed in: tests/contract/centre/people/tokens.test.ts.
  'GET /api/v1/tokens': { may: ['admin'], scope: 'whole' },
  'POST /api/v1/tokens': { may: ['admin'], scope: 'whole', body: { name: 'p', role: 'auditor' } },
  'POST /api/v1/tokens/{tokenId}/revoke': { may: ['admin'], scope: 'whole' },
  'POST /api/v1/logout': { may: everybody, scope: 'none' },
  'GET /api/v1/security': { may: overseeing, scope: 'whole' },
  'GET /api/v1/alarms': { may: everybody, scope: 'filtered' },
  'GET /api/v1/alarms/{id}': { may: everybody, scope: 'path' },
  'GET /api/v1/villages': { may: everybody, scope: 'filtered' },
  'GET /api/v1/events': { may: everybody, scope: 'filtered' },
  'GET /api/v1/commands': { may: everybody, scope: 'filtered' },
  'GET /api/v1/cases': { may: everybody, scope: 'filtered' },
  'GET /api/v1/roster': { may: answering, scope: 'filtered' },
  'GET /api/v1/roster/duty': { may: answering, scope: 'filtered' },
  'POST /api/v1/roster': { may: leading, scope: 'filtered' },
  'POST /api/v1/roster/{personId}': { may: leading, scope: 'path' },
  'POST /api/v1/roster/{personId}/absences': { may: leading, scope: 'path', body: { absences: [] } },
  // There is one less afterwards: with people of both villages in tests/contract/centre/people/roster.test.ts.
  'POST /api/v1/roster/{personId}/delete': { may: leading, scope: 'nothing' },
  'GET /api/v1/roster/{personId}/contact': { may: answering, scope: 'path' },
  'GET /api/v1/sign-in': { may: 'open', scope: 'none' },
  'GET /api/v1/oidc/start': { may: 'open', scope: 'none' },
  'GET /api/v1/oidc/callback': { may: 'open', scope: 'none' },
  // By the link alone: tests/contract/centre/pictures.test.ts.
  'GET /api/v1/picture-links/{token}': { may: 'open', scope: 'none' },
  // By the link alone: tests/contract/centre/people/responder.test.ts.
  'POST /api/v1/respond': { may: 'open', scope: 'none' },
  'POST /api/v1/respond/step': { may: 'open', scope: 'none' },
  'POST /api/v1/respond/photo': { may: 'open', scope: 'none' },
  'GET /api/v1/cases/{caseId}/links': { may: answering, scope: 'path' },
  // The case has no such dispatch; that another village's has none either is the same answer.
  'POST /api/v1/cases/{caseId}/links': { may: answering, scope: 'nothing', body: { index: 999, to: 'a' } },
  'POST /api/v1/cases/{caseId}/links/end': { may: answering, scope: 'path' },
  'GET /api/v1/cases/{caseId}/attachments': { may: answering, scope: 'path' },
  'GET /api/v1/cases/{caseId}/attachments/{sha256}': { may: answering, scope: 'nothing' },
  'POST /api/v1/cases/{caseId}/attachments': { may: answering, scope: 'path' },
  'GET /api/v1/families': { may: leading, scope: 'filtered' },
  'POST /api/v1/families': { may: leading, scope: 'filtered' },
  // There is none: with families of both villages in tests/contract/centre/people/families.test.ts.
  'POST /api/v1/families/{familyId}/end': { may: leading, scope: 'nothing' },
  'GET /api/v1/families/notices': { may: leading, scope: 'filtered' },
  'POST /api/v1/families/notices/taken': { may: leading, scope: 'whole', body: { positions: [1] } },
  'POST /api/v1/family': { may: 'open', scope: 'none' },
  'POST /api/v1/family/leave': { may: 'open', scope: 'none' },
  'GET /api/v1/figures': { may: overseeing, scope: 'filtered' },
  'GET /api/v1/figures/report': { may: overseeing, scope: 'filtered' },
  'GET /api/v1/ledgers': { may: overseeing, scope: 'filtered' },
  'GET /api/v1/daily-reports': { may: everybody, scope: 'filtered' },
  'POST /api/v1/villages/{boxId}/daily-report': step(),
  'GET /api/v1/enrolments': {
    may: ['supervisor', 'maintainer', 'installer', 'auditor', 'admin'],
    scope: 'filtered',
  },
  'POST /api/v1/enrolments': { may: ['supervisor', 'maintainer', 'installer', 'admin'], scope: 'path' },
  'POST /api/v1/enrolments/{codeId}/end': { may: ['supervisor', 'maintainer', 'admin'], scope: 'nothing' },
  'GET /api/v1/certificates': {
    may: ['supervisor', 'maintainer', 'installer', 'auditor', 'admin'],
    scope: 'filtered',
  },
  'POST /api/v1/boxes/{boxId}/revoke': { may: ['supervisor', 'maintainer', 'admin'], scope: 'path' },
  // A box proves what it may by the code or the certificate: tests/contract/centre/villages/enrolment.test.ts.
  'POST /enrol': { may: 'open', scope: 'none' },
  'POST /enrol/renew': { may: 'open', scope: 'none' },
  'GET /enrol/authority': { may: 'open', scope: 'none' },
  'POST /enrol/copy': { may: 'open', scope: 'none' },
  'POST /enrol/bundle': { may: 'open', scope: 'none' },
  'POST /enrol/handover': { may: 'open', scope: 'none' },
  'POST /enrol/plan': { may: 'open', scope: 'none' },
  'GET /api/v1/fleet': { may: repairing, scope: 'filtered' },
  'GET /api/v1/fleet/boxes/{boxId}': { may: repairing, scope: 'path' },
  // There is none: tests/contract/centre/fleet/support.test.ts has one.
  'GET /api/v1/fleet/boxes/{boxId}/bundles/{bundleName}': { may: ['maintainer', 'admin'], scope: 'nothing' },
  'GET /api/v1/boxes/{boxId}/handovers': { may: answering, scope: 'path' },
  // There is none: tests/contract/centre/fleet/support.test.ts has one.
  'GET /api/v1/boxes/{boxId}/handovers/{handoverName}': { may: answering, scope: 'nothing' },
  'GET /api/v1/device-list': { may: everybody, scope: 'none' },
  'GET /api/v1/work-orders': { may: repairing, scope: 'filtered' },
  'POST /api/v1/work-orders': { may: ordering, scope: 'filtered' },
  'POST /api/v1/work-orders/{workId}/visit': {
    may: ordering,
    scope: 'path',
    body: { text: 'a', isDone: false },
  },
  // Ended afterwards: with one of its own in tests/contract/centre/fleet/fleet.test.ts.
  'POST /api/v1/work-orders/{workId}/drop': { may: ordering, scope: 'nothing', body: { why: 'a' } },
  'POST /api/v1/work-orders/{workId}/photos': { may: ordering, scope: 'path' },
  'GET /api/v1/work-orders/{workId}/photos/{sha256}': { may: repairing, scope: 'nothing' },
  'GET /api/v1/fleet/setting': { may: ['supervisor', 'maintainer', 'auditor', 'admin'], scope: 'whole' },
  'POST /api/v1/fleet/setting': {
    may: ['maintainer', 'admin'],
    scope: 'whole',
    body: { set: { limits: {} }, why: 'a', waves: [{ percent: 1 }] },
  },
  'POST /api/v1/fleet/setting/hold': {
    may: ['maintainer', 'admin'],
    scope: 'whole',
    body: { isPaused: true },
  },
  'GET /api/v1/updates': { may: ['supervisor', 'maintainer', 'auditor', 'admin'], scope: 'whole' },
  // No release was offered.
  'POST /api/v1/updates/hold': {
    may: ['maintainer', 'admin'],
    scope: 'whole',
    body: { isPaused: true },
  },
  'GET /api/v1/registry': { may: everybody, scope: 'filtered' },
  // With villages of both towns: tests/contract/centre/villages/map.test.ts.
  'GET /api/v1/map': { may: everybody, scope: 'filtered' },
  // None is configured.
  'GET /api/v1/map/tiles': { may: everybody, scope: 'nothing' },
  'GET /api/v1/map/plans/{villageId}': { may: everybody, scope: 'path' },
  'POST /api/v1/map/plans/{villageId}/upload': { may: ['supervisor', 'admin'], scope: 'path' },
  'POST /api/v1/map/plans/{villageId}/remove': { may: ['supervisor', 'admin'], scope: 'path', body: {} },
  'GET /api/v1/boxes/{boxId}/levels': { may: everybody, scope: 'path' },
  'GET /api/v1/linkages': { may: everybody, scope: 'filtered' },
  'POST /api/v1/linkages': { may: leading, scope: 'whole', body: { linkages: [] } },
  'GET /api/v1/linkages/warnings': { may: everybody, scope: 'filtered' },
  'GET /api/v1/bulletins': { may: everybody, scope: 'filtered' },
  'GET /api/v1/bulletins/{bulletinId}': { may: everybody, scope: 'path' },
  'POST /api/v1/bulletins': { may: answering, scope: 'filtered' },
  'GET /api/v1/audit': { may: overseeing, scope: 'whole' },
  'GET /api/v1/looks': { may: overseeing, scope: 'filtered' },
  'POST /api/v1/alarms/{id}/seen': step(),
  'GET /api/v1/alarms/{id}/case': { may: everybody, scope: 'path' },
  'GET /api/v1/alarms/{id}/pictures': { may: answering, scope: 'path' },
  'GET /api/v1/boxes/{boxId}/pictures': { may: answering, scope: 'path' },
  // With pictures of both villages: tests/unit/centre/api/picture-scope.test.ts.
  'GET /api/v1/pictures/{sha256}': { may: answering, scope: 'nothing' },
  'POST /api/v1/villages/{boxId}/retire': {
    may: ['supervisor', 'maintainer', 'admin'],
    scope: 'path',
    body: { why: 'gone' },
  },
  'POST /api/v1/boxes/{boxId}/commands': {
    may: ['operator', 'supervisor', 'maintainer', 'admin'],
    scope: 'path',
    body: { do: 'burst', camera: 'c-1' },
  },
  'GET /api/v1/boxes/{boxId}/commands': { may: everybody, scope: 'path' },
  'POST /api/v1/cases': { may: answering, scope: 'filtered' },
  'GET /api/v1/cases/{caseId}': { may: everybody, scope: 'path' },
  'GET /api/v1/cases/{caseId}/history': { may: everybody, scope: 'path' },
  'POST /api/v1/cases/{caseId}/merge': step({ from: 'case-1' }),
  'POST /api/v1/cases/{caseId}/split': step({ alarms: [] }),
  // An unknown plan is not found; another village's plan gives the same answer.
  'POST /api/v1/cases/{caseId}/plan': {
    may: answering,
    scope: 'nothing',
    body: { plan: 'none' },
  },
  'GET /api/v1/shifts': { may: ['operator', 'supervisor', 'admin', 'auditor'], scope: 'none' },
  // The person who comes, and the hand-over, do not exist.
  'POST /api/v1/shifts': { may: answering, scope: 'nothing', body: { to: 'none' } },
  'POST /api/v1/shifts/end': { may: answering, scope: 'nothing', body: { shift: 9999 } },
  // With people and cases: tests/contract/centre/people/staff.test.ts.
  'GET /api/v1/staff': { may: leading, scope: 'whole' },
  'POST /api/v1/staff/{name}/redistribute': { may: leading, scope: 'whole', body: { why: 'ill' } },
  'GET /api/v1/settings': { may: ['supervisor', 'maintainer', 'auditor', 'admin'], scope: 'none' },
  'GET /api/v1/users': { may: ['admin'], scope: 'whole' },
  // By a person who signed in: tests/contract/centre/people/users.test.ts.
  'POST /api/v1/users': {
    may: ['admin'],
    scope: 'whole',
    body: { name: 'u', role: 'auditor', password: 'a' },
  },
  'POST /api/v1/users/{name}': { may: ['admin'], scope: 'whole', body: {} },
  'POST /api/v1/users/{name}/password': { may: ['admin'], scope: 'whole', body: { password: 'a' } },
  'POST /api/v1/users/{name}/sessions/end': { may: ['admin'], scope: 'whole' },
  // Of another version: it changes nothing.
  'POST /api/v1/settings/case-rules': {
    may: leading,
    scope: 'whole',
    body: { version: 99, rules: {} },
  },
  'GET /api/v1/outlets': { may: everybody, scope: 'whole' },
  // There is none: tests/contract/centre/outlets.test.ts has some.
  'POST /api/v1/outlets/{outletName}/test': {
    may: ['supervisor', 'maintainer', 'admin'],
    scope: 'whole',
    body: { isDry: true },
  },
  'GET /api/v1/cases/{caseId}/outlets': { may: everybody, scope: 'path' },
  'POST /api/v1/cases/{caseId}/outlets': { may: answering, scope: 'nothing', body: { outlet: 'none' } },
  'POST /api/v1/cases/{caseId}/outlets/confirm': {
    may: answering,
    scope: 'nothing',
    body: { delivery: 'g-none' },
  },
  'GET /api/v1/action-lists': { may: everybody, scope: 'none' },
  'POST /api/v1/action-lists': { may: leading, scope: 'whole', body: { lists: [] } },
}
for (const name of ['accept', 'report', 'dispatch', 'feedback', 'verify', 'archive'])
  cells[`POST /api/v1/alarms/{id}/${name}`] = step()
for (const name of ['claim', 'accept', 'release', 'report', 'dispatch', 'feedback', 'verify', 'archive'])
  cells[`POST /api/v1/cases/{caseId}/${name}`] = step()
for (const [name, body] of Object.entries({
  note: { text: 'a' },
  typing: { text: 'a' },
  call: { to: 'a' },
  'on-test': { minutes: 1, text: 'a' },
  'pre-cancel': { text: 'a' },
  'hand-over': { to: 'a' },
  'take-back': {},
  instruct: { text: 'a' },
  // Refused with a conflict or as not found after the scope: the named object does not exist.
  arrive: { index: 'none' },
  cannot: { index: 'none' },
  action: { action: 1 },
}))
  cells[`POST /api/v1/cases/{caseId}/${name}`] = step(body)

const own = '320612104201'
const other = '320612205301'
const villages = { own, other } as const
const cases: Record<string, string> = {}
const people: Record<string, string> = {}
const bulletins: Record<string, string> = {}
const work: Record<string, string> = {}
/** An entry of the roster for the village. */
const personOf = (village: string) => ({
  name: `post ${village}`,
  role: 'volunteer',
  villages: [village],
  consent: { how: 'paper', atMs: 1 },
  phone: '13800000000',
})
let folder: string
let running: CentreUnderTest
let boxes: TestBox[]
let listed: { key: string; method: string; path: string; roles: readonly Role[] | undefined }[]

beforeAll(async () => {
  folder = makeFolder()
  // A warning names the village that it comes from to the one below: by the name of its box, as people do.
  const named = [own, other].map((village, at) => ({ id: `${village}-1`, name: `village ${at}` }))
  running = await startCentre(folder, {
    config: { boxes: named, enrolment: await enrolmentSettings(folder), map: mapOf(folder) },
  })
  const [url = ''] = running.centre.uplinkUrls
  boxes = await Promise.all([own, other].map((village) => new TestBox(url, `${village}-1`).ready()))
  const admin = running.token('admin', 'all')
  for (const box of boxes) {
    await box.report('red', 1, [makeAlarm(1, 'raised')])
    await box.report('blue', 1, [makeEvent(2)])
    const found = await running.get(`/api/v1/alarms/${box.box}.sos-1/case`, admin)
    cases[box.box.slice(0, 12)] = ((await found.json()) as { case: { id: string } }).case.id
    const made = await running.post('/api/v1/roster', admin, personOf(box.box.slice(0, 12)))
    await running.post('/api/v1/families', admin, familyOf(box.box.slice(0, 12)))
    people[box.box.slice(0, 12)] = ((await made.json()) as { person: { id: string } }).person.id
    await running.post(`/api/v1/boxes/${box.box}/commands`, admin, { do: 'snapshot', camera: 'c-1' })
  }
  await warnBoth(admin)
  for (const box of boxes) await orderWork(box, admin)
  for (const { box } of boxes) await enrolTwice(box, admin)
  const { paths } = (await (await running.get('/api/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, { 'x-roles'?: Role[] }>>
  }
  // The stream has tests of its own: its answer never ends.
  delete paths['/api/v1/stream']
  listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, said]) => ({
      key: `${method.toUpperCase()} ${path}`,
      method,
      path,
      roles: said['x-roles'],
    })),
  )
})
afterAll(async () => {
  await Promise.all(boxes.map((box) => box.end()))
  await running.centre.stop()
  dropFolder(folder)
})

/** A plan for each village; no tiles. */
function mapOf(home: string): object {
  const file = join(home, 'plan.png')
  writeFileSync(file, 'plan')
  return { villages: [own, other].map((id) => ({ id, plan: { file } })) }
}

/** The box reports a full disk, and a person is sent there. */
async function orderWork(box: TestBox, admin: string): Promise<void> {
  const facts = {
    v: 1,
    epoch: 'abcd1234',
    lanes: {},
    boot: 1,
    sinceBootMs: 1,
    atMs: Date.now(),
    clock: 'synced',
  }
  const vitals = { version: '1', disk: { freeBytes: 1, totalBytes: 9 } }
  const beat = Buffer.from(JSON.stringify({ ...facts, uptimeMs: 1, vitals }))
  await box.client.publishAsync(`up/${box.box}/heartbeat`, beat, { qos: 1 })
  const order = { box: box.box, code: 'disk-low' }
  const made = await until(async () => {
    const answer = await running.post('/api/v1/work-orders', admin, order)
    return answer.status === 200 ? answer : undefined
  })
  work[box.box.slice(0, 12)] = ((await made.json()) as { work: { id: string } }).work.id
}

/** A certificate of the box, and a code that is open. */
async function enrolTwice(box: string, admin: string): Promise<void> {
  const code = async (): Promise<string> =>
    ((await (await running.post('/api/v1/enrolments', admin, { box })).json()) as { code: string }).code
  const link = { centre: running.centre.httpUrl, code: await code() }
  const dataDir = join(folder, box)
  mkdirSync(dataDir)
  expect(await enrolWithCentre({ dataDir, link })).toMatchObject({ ok: true })
  await code()
}

/** A bulletin for each village, and a gauge in each that warns the other. */
async function warnBoth(admin: string): Promise<void> {
  await running.post('/api/v1/linkages', admin, {
    linkages: [
      { id: 'down', from: { place: other }, to: [{ village: own, minutes: 5 }] },
      { id: 'up', from: { place: own }, to: [{ village: other, minutes: 5 }] },
    ],
  })
  for (const box of boxes) {
    const village = box.box.slice(0, 12)
    const gauge = { id: 'w-1', kind: 'water', colour: 'orange', latchedColour: 'orange' } as const
    await box.report('orange', 1, [makeAlarm(9, 'raised', gauge)])
    const said = await running.post('/api/v1/bulletins', admin, { text: village, villages: [village] })
    bulletins[village] = ((await said.json()) as { bulletin: { id: string } }).bulletin.id
  }
}

test('has a cell for every route, and none without a route', () => {
  expect(listed.map(({ key }) => key).sort()).toEqual(Object.keys(cells).sort())
})

/** Bodies that name the village. */
function bodyOf(key: string, village: string): object {
  if (key === 'POST /api/v1/cases') return { village, kind: 'sos', colour: 'blue', text: 'a' }
  if (key === 'POST /api/v1/roster' || key === 'POST /api/v1/roster/{personId}') return personOf(village)
  if (key === 'POST /api/v1/families') return familyOf(village)
  if (key === 'POST /api/v1/work-orders') return { box: `${village}-1`, code: 'disk-low' }
  if (key === 'POST /api/v1/enrolments') return { box: `${village}-2` }
  if (key === 'POST /api/v1/bulletins') return { text: 'a', villages: [village] }
  return cells[key]?.body ?? {}
}
const queryOf = (key: string, path: string, village: string): string =>
  key === 'GET /api/v1/roster/duty' ? `${path}?village=${village}` : path
const familyOf = (village: string) => ({
  label: 'daughter',
  box: `${village}-1`,
  zone: 'wang',
  consent: { how: 'paper', atMs: 1 },
})
/** They name a village in their body or query: another one does not exist. */
const namesVillage = new Set([
  'POST /api/v1/families',
  'POST /api/v1/bulletins',
  'POST /api/v1/enrolments',
  'POST /api/v1/work-orders',
  'POST /api/v1/cases',
  'POST /api/v1/roster',
  'GET /api/v1/roster/duty',
])

async function ask(key: string, village: string, token: string): Promise<{ status: number; text: string }> {
  const [method, path = ''] = key.split(' ')
  const filled = path
    .replace('{id}', `${village}-1.sos-1`)
    .replace('{boxId}', `${village}-1`)
    .replace('{villageId}', village)
    .replace('{caseId}', cases[village] ?? '')
    .replace('{name}', 'li')
    .replace('{outletName}', 'none')
    .replace('{codeId}', 'code-99')
    .replace('{bundleName}', '20260101T000000Z.tar.gz')
    .replace('{handoverName}', '20260101T000000Z.json.gz')
    .replace('{workId}', key.endsWith('/drop') ? 'work-99' : (work[village] ?? ''))
    .replace('{sessionId}', '0'.repeat(12))
    .replace('{familyId}', 'family-99')
    .replace('{tokenId}', '0'.repeat(12))
    .replace('{bulletinId}', bulletins[village] ?? '')
    .replace('{personId}', key.endsWith('/delete') ? 'person-99' : (people[village] ?? ''))
    .replace('{sha256}', 'a'.repeat(64))
  if (key.endsWith('/photos')) return askPhoto(filled, token, 'image/jpeg')
  if (key.endsWith('/upload')) return askPhoto(filled, token, 'application/octet-stream')
  const response = await (method === 'GET'
    ? running.get(queryOf(key, filled, village), token)
    : running.post(filled, token, bodyOf(key, village)))
  return { status: response.status, text: await response.text() }
}

/** The body of these is a file. */
async function askPhoto(
  path: string,
  token: string,
  type: string,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${running.centre.httpUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    body: new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9]),
  })
  return { status: response.status, text: await response.text() }
}

/** Undefined when the answer is right. */
function faultOf(
  cell: Cell,
  key: string,
  place: 'own' | 'other',
  got: { status: number; text: string },
): string | undefined {
  const { status, text } = got
  const is = (wanted: number) => (status === wanted ? undefined : `${status}, not ${wanted}`)
  if (cell.scope === 'whole') return is(403)
  if (cell.scope === 'nothing') return is(404)
  if (namesVillage.has(key)) return is(place === 'own' ? 200 : 404)
  if (cell.scope === 'filtered') {
    if (text.includes(other)) return 'names the other village'
    return key.endsWith('/looks') || key.endsWith('/notices') || text.includes(own)
      ? is(200)
      : 'leaves out the own village'
  }
  if (cell.scope === 'path' && place === 'other') return is(404)
  return [401, 403, 404].includes(status) ? `${status}` : undefined
}

test.each(roles)('keeps %s to its routes and its villages', async (role) => {
  const faults: string[] = []
  const scoped = running.token(role, 'scoped', [own.slice(0, 9)])
  for (const { key, roles: said } of listed) {
    const cell = cells[key]
    if (!cell || cell.may === 'open') continue
    expect([key, said]).toEqual([key, cell.may])
    for (const place of ['other', 'own'] as const) {
      const token = key.endsWith('/logout') ? running.token(role, 'leaving', [own]) : scoped
      const got = await ask(key, villages[place], token)
      const fault = cell.may.includes(role)
        ? faultOf(cell, key, place, got)
        : got.status !== 403 && `${got.status}, not 403`
      if (fault) faults.push(`${key} ${place}: ${fault}`)
    }
  }
  expect(faults).toEqual([])
})

test('merges no case of another village into an own one', async () => {
  const token = running.token('supervisor', 'scoped', [own])
  const merge = await running.post(`/api/v1/cases/${cases[own]}/merge`, token, { from: cases[other] })
  expect(merge.status).toBe(404)
})

test('the stream, live and replayed, names no other village to any role; without a scope it names both', async () => {
  const open = async (role: Role, scope: readonly string[] | undefined, after: string) => {
    const heard: string[] = []
    const socket = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream${after}`, {
      headers: { authorization: `Bearer ${running.token(role, `s-${role}`, scope)}` },
    })
    socket.on('message', (data: Buffer) => heard.push(data.toString()))
    await until(() => heard.length > 0)
    return { heard, socket, role }
  }
  const position = JSON.parse((await open('admin', undefined, '')).heard[0] ?? '') as { position: string }
  const live = await Promise.all(roles.map((role) => open(role, [own], '')))
  const [first, second] = boxes
  await second?.report('red', 2, [makeAlarm(3, 'raised', { id: 'later' })])
  await first?.report('red', 2, [makeAlarm(3, 'raised', { id: 'later' })])
  const replayed = await Promise.all(roles.map((role) => open(role, [own], `?after=${position.position}`)))
  const whole = await open('operator', undefined, `?after=${position.position}`)
  const isHere = (heard: string[], village: string) =>
    heard.some((text) => text.includes('case.opened') && text.includes(village))
  await until(() => isHere(whole.heard, own) && isHere(whole.heard, other))
  for (const { heard, socket, role } of [...live, ...replayed]) {
    await until(() => isHere(heard, own))
    expect([role, heard.filter((text) => text.includes(other))]).toEqual([role, []])
    socket.terminate()
  }
  whole.socket.terminate()
})

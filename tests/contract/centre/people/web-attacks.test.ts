// Do the usual attacks on a web service fail on every route: a foreign page that uses a person's cookie, text that is
// code for a database or a browser, bodies without end, names that lead out of a folder, and guessed links?
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AttachmentAnswer } from '../../../../protocols/desk/attachments.ts'
import {
  dropFolder,
  makeAlarm,
  makeFolder,
  startCentre,
  TestBox,
  type CentreUnderTest,
} from '../centre-parts.ts'

interface Operation {
  security: object[]
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Record<string, object> }
}
interface Listed {
  method: 'GET' | 'POST'
  path: string
  operation: Operation
}

const box = '320612104201-1'
let folder: string
let running: CentreUnderTest
let admin: string
let box1: TestBox
let caseId: string
let listed: Listed[]

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  admin = running.token('admin', 'all')
  box1 = await new TestBox(running.centre.uplinkUrls[0] ?? '', box).ready()
  await box1.report('red', 1, [makeAlarm(1, 'raised')])
  const found = await running.get(`/api/v1/alarms/${box}.sos-1/case`, admin)
  caseId = ((await found.json()) as { case: { id: string } }).case.id
  const { paths } = (await (await running.get('/api/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>
  }
  delete paths['/api/v1/stream']
  listed = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase() as Listed['method'],
      path,
      operation,
    })),
  )
})
afterAll(async () => {
  await box1.end()
  await running.centre.stop()
  dropFolder(folder)
})

const isOpen = ({ operation }: Listed): boolean => operation.security.length === 0
/** The path with a value for each parameter. */
const filled = (path: string, value: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === 'caseId' ? caseId : name === 'boxId' ? box : name === 'id' ? `${box}.sos-1` : value,
  )
const ask = (route: Pick<Listed, 'method'>, path: string, init: RequestInit): Promise<Response> =>
  fetch(`${running.centre.httpUrl}${path}`, { method: route.method, redirect: 'manual', ...init })

test('a page of another site can use no route with the cookie of the person whose browser shows it', async () => {
  const faults: string[] = []
  const cookie = `gengfu_session=${admin}`
  for (const route of listed.filter((one) => !isOpen(one) && !one.path.endsWith('/logout')))
    for (const foreign of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const headers = { cookie, 'content-type': 'application/json', ...foreign } as Record<string, string>
      const body = route.method === 'POST' ? { body: '{}' } : {}
      const { status } = await ask(route, filled(route.path, 'x'), { headers, ...body })
      if (status !== 403) faults.push(`${route.method} ${route.path} ${JSON.stringify(foreign)}: ${status}`)
    }
  expect(faults).toEqual([])
})

test('what a form of a foreign page can send is no JSON, and is refused by every route that changes something', async () => {
  const faults: string[] = []
  for (const route of listed.filter(({ method }) => method === 'POST'))
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
    ]) {
      const headers = { authorization: `Bearer ${admin}`, 'content-type': type }
      const { status } = await ask(route, filled(route.path, 'x'), { headers, body: '{"a":1}' })
      if (![404, 415].includes(status)) faults.push(`${route.path} ${type}: ${status}`)
    }
  expect(faults).toEqual([])
})

/** SQL, the language of the search index, HTML, a prototype, NUL, and text that is longer than any field. */
const payloads = [
  "' OR 1=1 --",
  '"); DROP TABLE cases; --',
  '" OR kind:* NEAR(a b) *',
  '<script>alert(1)</script>',
  '${7*7}{{7*7}}',
  '__proto__',
  '..\\..\\..\\etc\\passwd',
  '\u0000\uFFFF\u202E',
  'a'.repeat(3000),
  '-1',
  '1e308',
  '[]',
]

test('code in any parameter of the query is text: no error of the program, and no row that is not asked for', async () => {
  const faults: string[] = []
  for (const route of listed.filter(({ method }) => method === 'GET'))
    for (const { name } of (route.operation.parameters ?? []).filter((one) => one.in === 'query'))
      for (const payload of payloads) {
        const path = `${filled(route.path, 'x')}?${name}=${encodeURIComponent(payload)}`
        const answer = await ask(route, path, { headers: { authorization: `Bearer ${admin}` } })
        const text = await answer.text()
        if (answer.status >= 500) faults.push(`${path.slice(0, 120)}: ${answer.status}`)
        const type = answer.headers.get('content-type') ?? ''
        if (type.startsWith('text/html') && text.includes('<script>alert'))
          faults.push(`${path}: runs in a browser`)
      }
  expect(faults).toEqual([])
})

test('a body above the limit of its route is refused, for every route', async () => {
  const faults: string[] = []
  const large = Buffer.from(JSON.stringify({ text: 'a'.repeat(12 * 1024 * 1024) }))
  for (const route of listed.filter(({ method }) => method === 'POST')) {
    const isFile = route.operation.requestBody && !('application/json' in route.operation.requestBody.content)
    const type = isFile ? Object.keys(route.operation.requestBody?.content ?? {})[0] : 'application/json'
    const headers = { authorization: `Bearer ${admin}`, 'content-type': type ?? 'application/json' }
    const status = await ask(route, filled(route.path, 'x'), { headers, body: large }).then(
      (answer) => answer.status,
      // Cut off while it was still being sent.
      () => 413,
    )
    if (status !== 413) faults.push(`${route.path}: ${status}`)
  }
  expect(faults).toEqual([])
})

test('a name leads out of no folder: paths of files, of pages and of attachments', async () => {
  const { port } = new URL(running.centre.httpUrl)
  /** Raw, since a client would tidy the path before it sends it. */
  const raw = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${admin}\r\nConnection: close\r\n\r\n`,
        ),
      )
      let text = ''
      socket.on('data', (data: Buffer) => (text += data.toString('latin1')))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(text))
    })
  const up = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..%5c', '....//', '%252e%252e%252f', '..%00/']
  const faults: string[] = []
  for (const start of [
    '/',
    '/respond/',
    '/family/',
    `/api/v1/cases/${caseId}/attachments/`,
    '/api/v1/pictures/',
  ])
    for (const step of up)
      for (const target of ['etc/passwd', 'centre.db', 'package.json']) {
        const answer = await raw(`${start}${step.repeat(8)}${target}`)
        const status = Number(answer.slice(9, 12))
        const isFound = /root:|SQLite format|"dependencies"/.test(answer)
        // Sources without built pages answer every path outside of the API with how to build them.
        const isUnbuilt = status === 200 && answer.includes('npm run build')
        if (isFound || !(isUnbuilt || [400, 403, 404].includes(status)))
          faults.push(`${start}${step}${target}: ${status}`)
      }
  expect(faults).toEqual([])
})

test('the name of a file becomes no header, no path and no script', async () => {
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 0xff, 0xd9])
  for (const name of [
    '../../../evil.jpg',
    'a"; filename="b.html',
    'a\r\nSet-Cookie: a=b',
    '<script>.jpg',
    'a\u0000b.jpg',
  ]) {
    const made = await fetch(
      `${running.centre.httpUrl}/api/v1/cases/${caseId}/attachments?name=${encodeURIComponent(name)}`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'image/jpeg' },
        body: Buffer.concat([bytes.subarray(0, 6), Buffer.from(name), bytes.subarray(6)]),
      },
    )
    // A name with a line break or NUL may be refused; one that is taken is harmless.
    if (made.status === 400) continue
    const { attachment } = (await made.json()) as AttachmentAnswer
    const file = await running.get(`/api/v1/cases/${caseId}/attachments/${attachment.sha256}`, admin)
    expect(file.status).toBe(200)
    const disposition = file.headers.get('content-disposition') ?? ''
    expect([name, /[\r\n\0/\\<>]/.test(disposition), file.headers.get('set-cookie')]).toEqual([
      name,
      false,
      null,
    ])
    expect(file.headers.get('x-content-type-options')).toBe('nosniff')
  }
})

test('a guessed id is answered as one that does not exist, and a guessed link opens nothing', async () => {
  const guesses: [string, string][] = [
    ['GET', '/api/v1/cases/case-999999'],
    ['GET', `/api/v1/cases/${caseId}/attachments/${'0'.repeat(64)}`],
    ['GET', `/api/v1/pictures/${'0'.repeat(64)}`],
    ['GET', '/api/v1/bulletins/bulletin-0000000000000000'],
    ['GET', '/api/v1/roster/person-999/contact'],
    ['POST', '/api/v1/tokens/000000000000/revoke'],
  ]
  const statuses = await Promise.all(
    guesses.map(async ([method, path]) =>
      method === 'GET'
        ? (await running.get(path, admin)).status
        : (await running.post(path, admin, {})).status,
    ),
  )
  // A token makes and revokes no token: that one is refused before it is looked for.
  expect(statuses).toEqual([404, 404, 404, 404, 404, 403])
  for (const token of ['', '0', '0'.repeat(64), admin, 'f'.repeat(64)]) {
    const link = await running.post('/api/v1/respond', undefined, { token, device: 'a'.repeat(32) })
    expect([400, 404, 410, 429]).toContain(link.status)
    const family = await running.post('/api/v1/family', undefined, { token })
    expect([400, 404, 410, 429]).toContain(family.status)
  }
})

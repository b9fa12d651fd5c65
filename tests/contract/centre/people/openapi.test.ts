// Is the description of the API complete, and is what the routes answer what it says?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  dropFolder,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  type CentreUnderTest,
} from '../centre-parts.ts'

interface Operation {
  operationId: string
  summary: string
  description: string
  security?: object[]
  parameters?: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

const box = '320612104201-1'
let folder: string
let running: CentreUnderTest
let admin: string
let boxed: TestBox
let operations: [name: string, method: string, path: string, operation: Operation][]
let version: string

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  admin = running.token('admin', 'all')
  boxed = await new TestBox(running.centre.uplinkUrls[0] ?? '', box).ready()
  await boxed.report('red', 1, [makeAlarm(1, 'raised')])
  await boxed.report('orange', 1, [makeAlarm(3, 'raised', { id: 'w', kind: 'water', colour: 'orange' })])
  await boxed.report('blue', 1, [makeEvent(2)])
  await running.post('/api/v1/bulletins', admin, { text: 'a', villages: [box.slice(0, 12)] })
  const document = (await (await running.get('/api/v1/openapi.json')).json()) as {
    openapi: string
    paths: Record<string, Record<string, Operation>>
  }
  version = document.openapi
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, method, path, operation] as const,
    ),
  ) as typeof operations
})
afterAll(async () => {
  await boxed.end()
  await running.centre.stop()
  dropFolder(folder)
})

test('every operation says in both languages what it does, what it takes, what it answers and what it refuses', () => {
  expect(version).toBe('3.1.0')
  const faults: string[] = []
  for (const [name, method, path, operation] of operations) {
    const { operationId, summary, description, parameters = [], responses } = operation
    const says = (what: string): unknown => faults.push(`${name}: ${what}`)
    if (!/^[a-z][A-Za-z0-9]+$/.test(operationId)) says('no operationId')
    if (!/[a-z]{3}/.test(summary)) says('no English')
    if (!/\p{Script=Han}/u.test(description)) says('no Chinese')
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, one]) => one)
    const declared = parameters.filter((one) => one.in === 'path').map((one) => one.name)
    if (inPath.join() !== declared.join()) says(`path ${inPath.join()} is not ${declared.join()}`)
    if (method === 'get' && operation.requestBody) says('a GET with a body')
    const good = responses['200'] ?? responses['302']
    if (!good) says('no answer')
    if (responses['200'] && Object.keys(responses['200'].content ?? {}).length === 0) says('no content')
    if ((operation.security?.length ?? 0) > 0 && !('401' in responses && '403' in responses))
      says('no refusals')
  }
  expect(faults).toEqual([])
  expect(new Set(operations.map(([, , , { operationId }]) => operationId)).size).toBe(operations.length)
})

test('health, metrics and the stream are in it too', () => {
  const names = operations.map(([name]) => name)
  expect(names).toEqual(expect.arrayContaining(['GET /healthz', 'GET /metrics', 'GET /api/v1/stream']))
})

test('what each list answers is what its schema says, field by field', async () => {
  const filled = (path: string): string =>
    path.replace('{boxId}', box).replace('{id}', `${box}.sos-1`).replace('{caseId}', 'case-1')
  const faults: string[] = []
  let checked = 0
  for (const [name, method, path, { responses }] of operations) {
    const schema = responses['200']?.content?.['application/json']?.schema
    const query = path.endsWith('/duty') ? `?village=${box.slice(0, 12)}` : ''
    if (method !== 'get' || !schema || /\{(?!boxId|id|caseId)/.test(path)) continue
    const answer = await running.get(`${filled(path)}${query}`, admin)
    if (answer.status !== 200) continue
    checked++
    const parsed = z
      .fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
      .safeParse(await answer.json())
    if (!parsed.success)
      faults.push(`${name}: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`)
  }
  expect(faults).toEqual([])
  expect(checked).toBeGreaterThan(25)
})

// Generates openapi.json (3.1) from the table of routes and its schemas.
import { z } from 'zod'
import { templateTypes } from '../../platform/formats/device-list-template.ts'
import { attachmentTypes } from '../../protocols/desk/attachments.ts'
import { roles } from '../../protocols/desk/api.ts'
import { colours } from '../../protocols/domain/colour.ts'
import { errorAnswer, statusOf, type ProblemCode } from './problems.ts'
import type { Route } from './route.ts'
import { errorSchema } from './schemas.ts'

interface JsonSchema {
  properties?: Record<string, object>
  required?: string[]
  [key: string]: unknown
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest as JsonSchema
}

const json = (schema: object): object => ({ 'application/json': { schema } })

function parametersOf({ path, query }: Route): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const { properties = {}, required = [] } = query ? schemaOf(query, 'input') : {}
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
  return [...inPath, ...inQuery]
}

/** Refusals by status; those common to all routes with a token are added. */
function refusalsOf(route: Route): Record<string, object> {
  const always: ProblemCode[] = route.access === 'open' ? [] : ['unauthenticated', 'forbidden']
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of [...route.problems, ...always, 'storage-failing'] as ProblemCode[])
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code])
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `${code}: ${errorAnswer(code).error.message.en}`).join('; '),
        content: json({ $ref: '#/components/schemas/Error' }),
      },
    ]),
  )
}

function answerOf({ answer }: Route): object {
  if (answer === 'jpeg') return { 'image/jpeg': { schema: { type: 'string', format: 'binary' } } }
  if (answer === 'file')
    return Object.fromEntries(
      [...attachmentTypes, templateTypes.xlsx].map((type) => [
        type,
        { schema: { type: 'string', format: 'binary' } },
      ]),
    )
  if (answer === 'stored')
    return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  const text = { schema: { type: 'string' } }
  if (answer === 'redirect') return {}
  return answer === 'page' ? { 'text/html': text, 'text/csv': text } : json(schemaOf(answer, 'output'))
}

/** `GET /api/v1/cases/{caseId}/history` is `getCasesCaseIdHistory`: it stays while the path stays. */
function operationIdOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  const words = path.replace('/api/v1/', '').match(/[A-Za-z0-9]+/g) ?? []
  const joined = words.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`).join('')
  return `${method.toLowerCase()}${joined}`
}

const streamQuery: [name: string, description: string][] = [
  ['after', 'a position: what came behind it is replayed, or `resync` says that it can not be'],
  ['village', 'villages, or codes of towns and counties, divided by commas'],
  ['colour', `of ${colours.join(', ')}, divided by commas`],
  ['kind', 'kinds of alarm, divided by commas'],
]

/** The stream is no route of the table: its answer never ends. */
const streamOperation = {
  operationId: 'getStream',
  summary: 'Changes after their commit, as server-sent events; with an upgrade the same over WebSocket',
  description: '变化在提交后推送：SSE；带 Upgrade 时为 WebSocket',
  parameters: streamQuery.map(([name, description]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: { type: 'string' },
  })),
  security: [{ bearer: [] }, { cookie: [] }],
  'x-roles': roles,
  responses: {
    '200': {
      description: 'one message an event; `id` is its position, which comes back as Last-Event-ID',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    '400': { description: 'a filter that is none' },
    '401': { description: 'no valid token' },
    '403': { description: 'a cookie from a foreign page' },
    '503': { description: 'no room for another stream' },
  },
}

/** Served beside the table of routes, for supervision: no token is needed. */
const watchedOperations = {
  '/healthz': {
    get: {
      operationId: 'getHealth',
      summary: 'Whether the centre stores and answers; 503 while it does not',
      description: '中心是否正常存储与应答；不正常时为 503',
      security: [],
      responses: Object.fromEntries(
        ['200', '503'].map((status) => [
          status,
          {
            description: status === '200' ? 'it works' : 'storage refuses writes or does not answer',
            content: json({
              type: 'object',
              properties: {
                ok: { type: 'boolean' },
                boxesAhead: { type: 'number' },
                isClockKept: { type: 'boolean' },
              },
              required: ['ok', 'boxesAhead', 'isClockKept'],
            }),
          },
        ]),
      ),
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      summary: 'Metrics for Prometheus',
      description: '供 Prometheus 读取的指标',
      security: [],
      responses: {
        '200': {
          description: 'the text format of Prometheus',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
      },
    },
  },
}

function operationOf(route: Route): object {
  const parameters = parametersOf(route)
  return {
    operationId: operationIdOf(route),
    summary: route.summary.en,
    description: route.summary.zh,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: json(schemaOf(route.body, 'input')) } } : {}),
    ...(route.upload
      ? {
          requestBody: {
            required: true,
            content: Object.fromEntries(
              route.upload.types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]),
            ),
          },
        }
      : {}),
    security: route.access === 'open' ? [] : [{ bearer: [] }, { cookie: [] }],
    ...(route.access === 'open' ? {} : { 'x-roles': route.access }),
    responses: {
      ...(route.answer === 'redirect'
        ? { '302': { description: route.summary.en } }
        : { '200': { description: route.summary.en, content: answerOf(route) } }),
      ...refusalsOf(route),
    },
  }
}

export function createOpenApi(routes: readonly Route[], cookieName: string): object {
  const paths: Record<string, Record<string, object>> = {}
  Object.assign(paths, watchedOperations)
  paths['/api/v1/stream'] = { get: streamOperation }
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operationOf(route)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gengfu 更夫: town centre',
      version: '1',
      description:
        'Changes are pushed by the WebSocket /api/v1/stream (token by header, cookie, or first message {"type":"auth","token"}; ?after=position replays). / 变化由 WebSocket /api/v1/stream 推送。',
    },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: cookieName },
      },
      schemas: { Error: schemaOf(errorSchema, 'output') },
    },
    paths,
  }
}

// A running centre whose routes and stream get, in every part of a request, values that no honest program sends. Real
// sockets, a real database. The routes and valid requests are read from openapi.json, so that a new route is attacked
// without being named here. Used small in the tests and large in the campaign.
import { Agent, request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import {
  dropFolder,
  makeAlarm,
  makeFolder,
  startCentre,
  TestBox,
  until,
} from '../../contract/centre/centre-parts.ts'
import type { CentreUnderTest } from '../../contract/centre/centre-parts.ts'
import type { AlarmsAnswer } from '../../../protocols/desk/api.ts'
import { escapedPoisons, rawRequests, rawTargets } from './structure-requests.ts'

/** New connections of one address have a rate: above it they are reset, and a desk comes again. */
const connectAgainMs = 50
const connectAgainMax = 200
/** The streams come from this many addresses in turn. */
const streamAddresses = 64
const streamsAtOnce = 8

interface JsonSchema {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  pattern?: string
  minimum?: number
}

export interface Operation {
  method: 'GET' | 'POST'
  path: string
  /** Valid, with every field; several where the schema has alternatives. */
  bodies: unknown[]
  query: string[]
  /** What a request that is well formed may be answered, by its description. */
  answers: string[]
}

export interface Asked {
  operation: Operation
  path: string
  body?: string
  headers?: OutgoingHttpHeaders
  what: string
}

const samples: Record<string, unknown> = { box: 'box-a', village: 'box-a', user: 'ops' }
const sampleTexts = ['x', 'case-1', 'box-a.sos-1', 'a'.repeat(64), '1']
const inPath: Record<string, string> = {
  id: 'box-a.sos-1',
  boxId: 'box-a',
  caseId: 'case-1',
  sha256: 'a'.repeat(64),
}

/** A valid value of a schema; `choice` is the number of the alternative where it has several. */
function sampleOf(schema: JsonSchema, choice: number, name = ''): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[choice % schema.enum.length]
  const some = schema.anyOf ?? schema.oneOf
  if (some) return sampleOf(some[choice % some.length] ?? {}, choice, name)
  if (schema.type === 'object')
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, sampleOf(inner, choice, key)]),
    )
  if (schema.type === 'array')
    return [sampleOf(schema.items ?? {}, choice), sampleOf(schema.items ?? {}, choice + 1)]
  if (schema.type === 'boolean') return true
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(1, schema.minimum ?? 1)
  if (schema.type !== 'string') return {}
  const pattern = new RegExp(schema.pattern ?? '')
  return samples[name] ?? sampleTexts.find((text) => pattern.test(text)) ?? 'x'
}

export interface Description {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: { name: string; in: string }[]
        responses?: Record<string, unknown>
        requestBody?: { content: Record<string, { schema: JsonSchema }> }
      }
    >
  >
}

export function operationsOf({ paths }: Description): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses = {} }]) => {
      const schema = requestBody?.content['application/json']?.schema
      const all = schema ? [0, 1, 2].map((choice) => JSON.stringify(sampleOf(schema, choice))) : []
      return {
        method: method.toUpperCase() as Operation['method'],
        path,
        bodies: [...new Set(all)].map((text) => JSON.parse(text) as unknown),
        query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        answers: Object.keys(responses),
      }
    }),
  )
}

/** These have to be readable whatever was sent before. */
const lists = new Set(
  ['alarms', 'boxes', 'cases', 'roster', 'families', 'audit', 'actions', 'users', 'sessions'].map(
    (name) => `/api/v1/${name}`,
  ),
)

export const filled = (path: string, values: Record<string, string> = {}): string =>
  path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? inPath[name] ?? 'x')

const refusedByRate = 'reset before it was open'
const upChannels = ['result', 'unkept', 'heartbeat'] as const

export class CentreTarget {
  readonly #folder: string
  readonly #running: CentreUnderTest
  readonly #box: TestBox
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })
  readonly #uncaught: string[] = []
  readonly #noteUncaught = (error: unknown): void =>
    void this.#uncaught.push(error instanceof Error ? (error.stack ?? error.message) : 'thrown')
  readonly #token: string
  #honest = 1
  #streams = 0
  #evil: TestBox | undefined
  operations: Operation[] = []

  private constructor(folder: string, running: CentreUnderTest, box: TestBox) {
    this.#folder = folder
    this.#running = running
    this.#box = box
    this.#token = running.token('admin', 'fuzz')
    process.on('uncaughtException', this.#noteUncaught).on('unhandledRejection', this.#noteUncaught)
  }

  static async start(): Promise<CentreTarget> {
    const folder = makeFolder()
    const running = await startCentre(folder)
    const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
    await box.report('red', 1, [makeAlarm(1, 'raised')])
    const target = new CentreTarget(folder, running, box)
    target.operations = operationsOf(
      (await (await running.get('/api/v1/openapi.json')).json()) as Description,
    )
    return target
  }

  /** Requests to a route with a path or a query that no page sends. */
  *addresses(): Generator<Asked> {
    for (const operation of this.operations) {
      const { path, query, bodies } = operation
      const body = bodies.length > 0 ? JSON.stringify(bodies[0]) : undefined
      const ask = (target: string): Asked => ({
        operation,
        path: target,
        ...(body === undefined ? {} : { body }),
        what: `${operation.method} ${target.slice(0, 200)}`,
      })
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        for (const poison of escapedPoisons)
          if (name !== undefined) yield ask(filled(path, { [name]: poison }))
      for (const name of [...query, '__proto__', 'x[toString]'])
        for (const poison of escapedPoisons) yield ask(`${filled(path)}?${name}=${poison}`)
      for (const name of query) yield ask(`${filled(path)}?${name}=1&${name}=2`)
    }
  }

  bodyOf(operation: Operation, text: string, what: string): Asked {
    return { operation, path: filled(operation.path), body: text, what: `${operation.path} ${what}` }
  }

  /** Faults: an answer of the 500s, or none at all. */
  async ask(asked: readonly Asked[]): Promise<string[]> {
    const faults: string[] = []
    const waiting = [...asked]
    const work = async (): Promise<void> => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const status = await this.#send(one)
        if (status < 200 || status >= 500) faults.push(`${one.what}: ${status}`)
      }
    }
    await Promise.all(Array.from({ length: 6 }, work))
    return faults
  }

  /** Requests with a head that no client writes, each on a separate connection. */
  async raw(stride: number): Promise<string[]> {
    const faults: string[] = []
    let left = stride
    for (const target of rawTargets)
      for (const fields of rawRequests) {
        if (--left > 0) continue
        left = stride
        const method = target.endsWith('login') ? 'POST' : 'GET'
        const answer = await this.#sendRaw(`${method} ${target} HTTP/1.1\r\nhost: x\r\n${fields}\r\n`)
        const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]
        // For input that is not HTTP, closing the connection is a valid answer.
        if (status?.startsWith('5')) faults.push(`${target.slice(0, 60)} ${fields.slice(0, 60)}: ${status}`)
      }
    return faults
  }

  /** Each text as the first message of a stream, as one after the sign-in, and as its cursor; several at a time. */
  async stream(texts: readonly string[], isSignedIn: boolean): Promise<string[]> {
    const faults: string[] = []
    const waiting = [...texts]
    const work = async (): Promise<void> => {
      for (let text = waiting.shift(); text !== undefined; text = waiting.shift())
        faults.push(...(await this.#streamFaults(text, isSignedIn)))
    }
    await Promise.all(Array.from({ length: streamsAtOnce }, work))
    return faults
  }

  async #streamFaults(text: string, isSignedIn: boolean): Promise<string[]> {
    const url = `${this.#running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`
    const headers = isSignedIn ? { authorization: `Bearer ${this.#token}` } : {}
    const cursor =
      text.length < 500 ? `?after=${encodeURIComponent(text.replaceAll(/[\ud800-\udfff]/g, ''))}` : ''
    let end = await this.#streamOnce(`${url}${cursor}`, headers, text)
    for (let again = 0; again < connectAgainMax && end === refusedByRate; again++) {
      await new Promise((resolve) => setTimeout(resolve, connectAgainMs))
      end = await this.#streamOnce(`${url}${cursor}`, headers, text)
    }
    // 1009: larger than any message; 1011 would be a failure inside the centre.
    const isGood = [4000, 4401, 1009].includes(Number(end)) || (end === 1006 && isSignedIn)
    return isGood ? [] : [`${text.slice(0, 100)}: ${end}`]
  }

  /** How the stream ended: its code, or in words. */
  async #streamOnce(url: string, headers: Record<string, string>, text: string): Promise<number | string> {
    const localAddress = `127.0.4.${1 + (this.#streams++ % streamAddresses)}`
    const socket = new WebSocket(url, { headers, localAddress })
    const end = await new Promise<number | string>((resolve) => {
      socket.on('open', () => socket.send(text))
      socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(`answered ${statusCode}`))
      socket.on('error', (error: Error & { code?: string }) =>
        resolve(error.code === 'ECONNRESET' && socket.readyState === 0 ? refusedByRate : error.message),
      )
      socket.on('message', () => socket.close(4000))
      socket.on('close', (code) => resolve(code))
    })
    socket.terminate()
    return end
  }

  /** Each text as a message of a hostile box: on every channel to the centre that carries JSON. */
  async uplink(texts: readonly string[]): Promise<string[]> {
    const faults: string[] = []
    for (const [at, text] of texts.entries()) {
      const channel = upChannels[at % upChannels.length] ?? 'result'
      const topic = `up/box-evil/${channel}`
      if (!this.#evil?.client.connected)
        this.#evil = await new TestBox(this.#running.centre.uplinkUrls[0] ?? '', 'box-evil').ready()
      const { client } = this.#evil
      let onClose = (): void => undefined
      const ended = new Promise<string>((resolve) => {
        onClose = () => resolve('closed')
        client.once('close', onClose)
      })
      const acknowledged = client.publishAsync(topic, Buffer.from(text), { qos: 1 }).then(
        () => '',
        () => 'closed',
      )
      const outcome = await Promise.race([ended, acknowledged])
      client.off('close', onClose)
      if (outcome === '') continue
      faults.push(`${channel}: the connection is closed: ${text.slice(0, 200)}`)
      this.#evil = undefined
    }
    return faults
  }

  /** The token in the first message of a stream. */
  get auth(): unknown {
    return { type: 'auth', token: this.#token }
  }

  /** The final state: healthy, every list readable, a new alarm of an honest box on the desk, nothing uncaught. */
  async faultsAtEnd(): Promise<string[]> {
    const faults = [...this.#uncaught]
    const { get } = this.#running
    // A message on a closed connection would be waited for without end.
    if (!this.#box.client.connected) return [...faults, 'the connection of the honest box was ended']
    const sequence = ++this.#honest
    await this.#box.report('red', sequence, [makeAlarm(sequence, 'raised', { id: `sos-${sequence}` })])
    await until(async () => {
      const answer = await get('/api/v1/alarms?state=all&limit=1000', this.#token)
      const { alarms } = (await answer.json()) as AlarmsAnswer
      return alarms.some(({ id }) => id === `box-a.sos-${sequence}`)
    })
    const listed = this.operations.filter(({ method, path }) => method === 'GET' && !path.includes('sha256'))
    const own = ['/healthz', '/metrics'].map((path) => ({ path, answers: [] as string[] }))
    for (const { path, answers } of [...own, ...listed]) {
      const { status } = await get(filled(path), this.#token)
      // A route that is not set up, or needs more parameters, may answer with a described error; a plain list may not.
      const isDescribed = status < 500 && answers.includes(String(status)) && !lists.has(path)
      if (status !== 200 && !isDescribed) faults.push(`${path}: ${status}`)
    }
    return faults
  }

  async end(): Promise<void> {
    process.off('uncaughtException', this.#noteUncaught).off('unhandledRejection', this.#noteUncaught)
    this.#agent.destroy()
    await this.#evil?.end()
    await this.#box.end()
    await this.#running.centre.stop()
    dropFolder(this.#folder)
  }

  #send({ operation, path, body, headers }: Asked): Promise<number> {
    // Signing out would end the token of all others.
    const token = operation.path.endsWith('/logout') ? 'b'.repeat(64) : this.#token
    return new Promise((resolve) => {
      const sent = httpRequest(
        `${this.#running.centre.httpUrl}`,
        {
          agent: this.#agent,
          method: operation.method,
          path,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        },
        (response) => {
          // A stream of events has no end.
          if (response.headers['content-type']?.startsWith('text/event-stream')) {
            response.destroy()
            resolve(response.statusCode ?? 0)
            return
          }
          response.resume()
          response.on('end', () => resolve(response.statusCode ?? 0))
        },
      )
      sent.on('error', () => resolve(0))
      sent.end(body)
    })
  }

  #sendRaw(text: string): Promise<string> {
    const { port } = new URL(this.#running.centre.httpUrl)
    return new Promise((resolve) => {
      let answer = ''
      const socket = connect(Number(port), '127.0.0.1', () => socket.end(text, 'latin1'))
      socket.on('data', (data) => (answer += data.toString('latin1')))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(answer))
    })
  }
}

// Answers of a hostile camera, mutated node by node: recorded ONVIF answers as trees, HTTP and RTSP answers as head and body.
// Over sockets, through the code that talks to cameras. Used small in the tests and large in the campaign.
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { RtspRelay } from '../../../gateway/cameras/talk/stream/rtsp-relay.ts'
import { askCamera } from '../../../gateway/cameras/talk/http/camera-http.ts'
import { CameraAuth } from '../../../gateway/cameras/talk/http/http-auth.ts'
import { readingsOf } from '../../../gateway/cameras/talk/onvif/event-readings.ts'
import type { OnvifOptions } from '../../../gateway/cameras/talk/onvif/onvif-caller.ts'
import { OnvifSession } from '../../../gateway/cameras/talk/onvif/onvif-session.ts'
import { PullPoint } from '../../../gateway/cameras/talk/onvif/pull-point.ts'
import { parseSoapXml, xmlText, type XmlElement } from '../../../gateway/cameras/talk/onvif/soap-xml.ts'
import { parseProbeMatches } from '../../../gateway/cameras/talk/onvif/ws-discovery.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import type { Mutation } from './structural-mutations.ts'

/** An answer that never comes ends here, and is a fault. */
const answerMsMax = 20_000

interface Tree {
  name: string
  attributes: Record<string, string>
  content: (Tree | string)[]
}

export interface OnvifMessage {
  operation: string
  tree: Tree
}

export interface LineMessage {
  first: string
  headers: [string, string][]
  body: string
}

const file = new URL('../../data/onvif/recorded-responses.json', import.meta.url)
const recorded = (JSON.parse(readFileSync(file, 'utf8')) as { responses: { name: string; xml: string }[] })
  .responses
const now = new Date().toISOString()

function answerOf(operation: string): string {
  const found = recorded.find(({ name }) => [`${operation}.xml`, `events.${operation}.xml`].includes(name))
  const xml = found?.xml ?? recorded.find(({ name }) => name === 'Error.xml')?.xml ?? ''
  return xml
    .replace(/\{\{\?.*?\}\}/g, '')
    .replaceAll('{{=it.hostname}}', '127.0.0.1')
    .replaceAll('{{=it.pullPointUrl}}', '/onvif/subscription?Idx=6')
    .replaceAll(/\{\{=new Date.*?\}\}/g, now)
}

const operations = [
  'GetSystemDateAndTime',
  'GetServices',
  'GetDeviceInformation',
  'GetProfiles',
  'GetSnapshotUri',
  'GetStreamUri',
  'GetCapabilities',
  'CreatePullPointSubscription',
  'PullMessages',
] as const
const ofEvents: ReadonlySet<string> = new Set(['CreatePullPointSubscription', 'PullMessages'])

function treeOf({ prefix, name, attributes, scope, children, text }: XmlElement, outer = {}): Tree {
  const spaces = Object.entries(scope).filter(
    ([key, value]) => (outer as Record<string, string>)[key] !== value,
  )
  return {
    name: prefix === '' ? name : `${prefix}:${name}`,
    attributes: {
      ...Object.fromEntries(spaces.map(([key, value]) => [key === '' ? 'xmlns' : `xmlns:${key}`, value])),
      ...attributes,
    },
    content: [...(text.trim() === '' ? [] : [text]), ...children.map((child) => treeOf(child, scope))],
  }
}

/** Recorded answers, as far as a conversation with a camera needs them. */
export const onvifMessages: readonly OnvifMessage[] = operations.flatMap((operation) => {
  const parsed = parseSoapXml(answerOf(operation).replace(/^[^<]*/, ''))
  return parsed ? [{ operation, tree: treeOf(parsed) }] : []
})

export const httpMessages: readonly LineMessage[] = [
  {
    first: 'HTTP/1.1 200 OK',
    headers: [
      ['Content-Type', 'image/jpeg'],
      ['Content-Length', '5'],
    ],
    body: 'hello',
  },
  {
    first: 'HTTP/1.1 401 Unauthorized',
    headers: [
      ['WWW-Authenticate', 'Digest realm="camera", nonce="a1b2", qop="auth", algorithm=MD5, opaque="x"'],
      ['Content-Length', '0'],
    ],
    body: '',
  },
  {
    first: 'HTTP/1.1 302 Found',
    headers: [
      ['Location', 'http://127.0.0.1/other'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Encoding', 'gzip'],
    ],
    body: '5\r\nhello\r\n0\r\n\r\n',
  },
]
export const rtspMessages: readonly LineMessage[] = [
  {
    first: 'RTSP/1.0 200 OK',
    headers: [
      ['CSeq', '1'],
      ['Content-Base', 'rtsp://127.0.0.1/live/'],
      ['Content-Type', 'application/sdp'],
      ['Content-Length', '60'],
      ['Transport', 'RTP/AVP/TCP;unicast;interleaved=0-1;source=10.0.0.1'],
      ['Session', '12345678;timeout=60'],
    ],
    body: 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 0 RTP/AVP 96\r\n',
  },
  {
    first: 'RTSP/1.0 401 Unauthorized',
    headers: [
      ['CSeq', '1'],
      ['WWW-Authenticate', 'Digest realm="camera", nonce="a1b2"'],
      ['WWW-Authenticate', 'Basic realm="camera"'],
    ],
    body: '',
  },
  { first: 'RTSP/1.0 302 Moved', headers: [['Location', 'rtsp://127.0.0.1:1/x']], body: '' },
]

/** Deeper than any parser reads, and less than the stack of this test holds. */
const levelsMax = 500

/** Whatever a mutation made of a tree, as XML: what has no name is called x. */
function xmlFrom(node: unknown, level = 0): string {
  if (Array.isArray(node)) return level > levelsMax ? '' : node.map((one) => xmlFrom(one, level + 1)).join('')
  if (typeof node !== 'object' || node === null) return xmlText(`${node as string | number | boolean | null}`)
  if (level > levelsMax) return '<x/>'
  const { name, attributes, content, ...rest } = node as Record<string, unknown>
  const tag = typeof name === 'string' && name !== '' ? name : 'x'
  const own = Object.entries(attributes ?? {}).map(
    ([key, value]) => ` ${key}="${JSON.stringify(value).replaceAll(/["<&]/g, '')}"`,
  )
  return `<${tag}${own.join('')}>${xmlFrom(content ?? [], level + 1)}${xmlFrom(Object.values(rest), level + 1)}</${tag}>`
}

/** The same for the lines of an answer. */
function linesFrom(message: unknown): Buffer {
  const word = (value: unknown): string =>
    typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
  const { first, headers, body, ...rest } = (
    typeof message === 'object' && message !== null ? message : { first: message }
  ) as Record<string, unknown>
  const lines = (Array.isArray(headers) ? headers : [headers]).map((header: unknown) =>
    Array.isArray(header) ? `${word(header[0])}: ${word(header[1])}` : word(header),
  )
  return Buffer.from(`${[word(first), ...lines, ...Object.keys(rest)].join('\r\n')}\r\n\r\n${word(body)}`)
}

/** A camera whose answers the test chooses. It closes the connection after each. */
export class CameraStructureTarget {
  readonly #server: Server = createServer()
  readonly #uncaught: string[] = []
  readonly #noteUncaught = (error: unknown): void =>
    void this.#uncaught.push(error instanceof Error ? (error.stack ?? error.message) : 'thrown')
  #answer: (request: string) => Buffer = () => Buffer.alloc(0)

  async start(): Promise<void> {
    process.on('uncaughtException', this.#noteUncaught).on('unhandledRejection', this.#noteUncaught)
    this.#server.on('connection', (socket) => {
      let asked = ''
      socket.on('error', () => socket.destroy())
      socket.on('data', (bytes: Buffer) => {
        asked += bytes.toString('latin1')
        const [head = '', body] = asked.split('\r\n\r\n')
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0)
        if (body === undefined || body.length < length) return
        socket.end(this.#answer(asked))
        asked = ''
      })
    })
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async end(): Promise<void> {
    process.off('uncaughtException', this.#noteUncaught).off('unhandledRejection', this.#noteUncaught)
    await new Promise((resolve) => this.#server.close(resolve))
  }

  onvif(batch: readonly Mutation[]): Promise<string[]> {
    return this.#each(batch, async (text) => {
      const named = /^\{"operation":"(\w+)"/.exec(text)?.[1] ?? 'GetProfiles'
      const { tree } = (JSON.parse(text) ?? {}) as { tree?: unknown }
      const xml = xmlFrom(tree ?? null)
      this.#answer = (request) => {
        const operation = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(request)?.[1] ?? ''
        return http200(operation === named ? xml : answerOf(operation).replaceAll('{{=it.port}}', this.#port))
      }
      // An answer to a search, and one to an event: the same tree.
      parseProbeMatches(xml, '127.0.0.1')
      const parsed = parseSoapXml(xml)
      if (parsed) readingsOf(parsed)
      if (!ofEvents.has(named)) return void (await new OnvifSession(this.#options()).probe(signalOf(), 5000))
      const point = new PullPoint(this.#options())
      const { messages } = await point.pull(await point.subscribe(signalOf(), 5000), 2000, signalOf())
      for (const message of messages) readingsOf(message)
    })
  }

  http(batch: readonly Mutation[]): Promise<string[]> {
    return this.#each(batch, async (text) => {
      this.#answer = () => linesFrom(JSON.parse(text))
      const { address, auth, pin, clock } = this.#options()
      const own = { address, auth, pin, clock, signal: signalOf() }
      await askCamera({ ...own, method: 'GET', path: '/', deadlineMs: 5000, bodyBytesMax: 100_000 })
    })
  }

  /** Through the relay, with a player that asks as ffmpeg does. */
  rtsp(batch: readonly Mutation[]): Promise<string[]> {
    return this.#each(batch, async (text) => {
      this.#answer = () => linesFrom(JSON.parse(text))
      const { auth, random } = this.#options()
      const relay = new RtspRelay({
        host: '127.0.0.1',
        port: Number(this.#port),
        path: '/live',
        auth,
        random,
      })
      const url = await relay.open()
      const player = connect(Number(new URL(url).port), '127.0.0.1')
      player.on('error', () => player.destroy())
      const ended = new Promise<void>((resolve) => player.on('close', () => resolve()))
      const asks = ['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']
      const ask = (): void => {
        const method = asks.shift()
        if (method === undefined) player.end()
        else player.write(`${method} ${url} RTSP/1.0\r\nCSeq: ${5 - asks.length}\r\n\r\n`)
      }
      player.on('connect', ask).on('data', ask)
      await ended
      await relay.close()
      if (relay.problem) throw relay.problem
    })
  }

  get #port(): string {
    return String((this.#server.address() as AddressInfo).port)
  }

  #options(): OnvifOptions {
    const random = createSystemRandom()
    return {
      address: { host: '127.0.0.1', port: Number(this.#port), isTls: false },
      path: '/onvif/device_service',
      auth: new CameraAuth({ user: 'admin', password: 'x', mode: 'auto', random }),
      pin: { get: () => undefined, set: () => undefined },
      clock: createSystemClock(),
      random,
    }
  }

  /** Each ends with an answer or a problem in plain words, and none of them hangs. */
  async #each(batch: readonly Mutation[], run: (text: string) => Promise<void>): Promise<string[]> {
    const faults: string[] = []
    for (const { text, what } of batch) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<Error>((resolve) => {
        timer = setTimeout(() => resolve(new Error('no end')), answerMsMax)
      })
      const outcome = await Promise.race([run(text).catch((error: unknown) => error), late])
      clearTimeout(timer)
      if (outcome instanceof Error && outcome.name !== 'CameraProblem')
        faults.push(`${what}: ${outcome.stack ?? outcome.message}`)
    }
    return [...faults, ...this.#uncaught.splice(0)]
  }
}

const signalOf = (): AbortSignal => new AbortController().signal

function http200(body: string): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    ),
    bytes,
  ])
}

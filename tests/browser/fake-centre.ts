// A town centre for page tests: follows protocols/desk/api.ts, keeps everything in memory, and fails on request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import type { AlarmChange } from '../../protocols/domain/alarm.ts'
import type { DeskAlarm, MeAnswer, Role, StreamMessage, VillageSummary } from '../../protocols/desk/api.ts'
import type { DeskCommand } from '../../protocols/desk/commands.ts'
import { urgency } from '../../protocols/domain/colour.ts'
import { servePage } from './serve-page.ts'

/** Possible faults. */
export interface Knobs {
  /** Before every API answer. */
  delayMs: number
  /** Requests and new streams are cut without an answer. */
  isDown: boolean
  /** The next accept is refused: this person was faster. */
  heldBy: string | undefined
  role: Role
  /** This machine's clock is wrong by this much, the centre's is right. */
  clockAheadMs: number
  /** The remaining time of a session, for every request. */
  sessionLeftMs: number
}

const wellKnobs: Knobs = {
  delayMs: 0,
  isDown: false,
  heldBy: undefined,
  role: 'operator',
  clockAheadMs: 0,
  sessionLeftMs: 12 * 3_600_000,
}

export class FakeCentre {
  readonly knobs: Knobs = { ...wellKnobs }
  readonly alarms = new Map<string, DeskAlarm>()
  villages: VillageSummary[] = []
  readonly seen: string[] = []
  readonly accepts: string[] = []
  /** Newest first, in their present state. */
  readonly commands: DeskCommand[] = []
  readonly problems: string[] = []
  readonly paths: string[] = []
  readonly retired: { box: string; why: string }[] = []
  stays = 0
  streamsOpened = 0
  #sessions = new Set<string>()
  #streams = new Set<WebSocket>()
  #deaf = new Set<WebSocket>()
  #position = 0
  #pages: string
  #server: Server
  #sockets = new WebSocketServer({ noServer: true })

  constructor(pages: string) {
    this.#pages = pages
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.problems.push(String(error))
        response.destroy()
      })
    })
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.knobs.isDown || !this.#isSignedIn(request)) {
        socket.destroy()
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (stream) => {
        this.streamsOpened += 1
        this.#streams.add(stream)
        stream.on('close', () => this.#streams.delete(stream))
        this.#send(stream, { type: 'hello', position: String(this.#position), centreTimeMs: this.nowMs() })
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  /** As after a start, except the signed-in and connected clients. */
  reset(): void {
    Object.assign(this.knobs, wellKnobs)
    this.alarms.clear()
    for (const list of [this.seen, this.accepts, this.commands, this.problems, this.paths, this.retired])
      list.length = 0
    this.stays = 0
  }

  async stop(): Promise<void> {
    this.dropStreams()
    for (const stream of this.#deaf) stream.terminate()
    this.#sockets.close()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  nowMs(): number {
    return Date.now() + this.knobs.clockAheadMs
  }

  /** The alarm in its present state, sent to every open desk. */
  put(change: AlarmChange | 'stage', alarm: DeskAlarm): void {
    if (alarm.state === 'normal') this.alarms.delete(alarm.id)
    else this.alarms.set(alarm.id, alarm)
    this.#position += 1
    this.tell({ type: `alarm.${change}`, position: String(this.#position), alarm })
  }

  /** The outcome of the newest command, sent to every open desk. */
  moveCommand(part: Pick<DeskCommand, 'state'> & Partial<DeskCommand>): void {
    const [newest] = this.commands
    if (!newest) throw new Error('nothing was asked')
    const command = { ...newest, ...part }
    this.commands[0] = command
    const state = command.state === 'waiting' ? 'asked' : command.state
    this.#position += 1
    this.tell({ type: `command.${state}`, position: String(this.#position), command })
  }

  tell(message: StreamMessage): void {
    for (const stream of this.#streams) this.#send(stream, message)
  }

  dropStreams(): void {
    for (const stream of this.#streams) stream.terminate()
  }

  /** Open streams stay open and carry nothing any more: half-open, as behind a sleeping proxy. */
  deafenStreams(): void {
    for (const stream of this.#streams) this.#deaf.add(stream)
    this.#streams.clear()
  }

  endSessions(): void {
    this.#sessions.clear()
    this.dropStreams()
  }

  #send(stream: WebSocket, message: StreamMessage): void {
    stream.send(JSON.stringify(message))
  }

  #isSignedIn(request: IncomingMessage): boolean {
    const session = /gengfu=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
    return session !== undefined && this.#sessions.has(session)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://centre')
    this.paths.push(`${request.method ?? ''} ${url.pathname}`)
    if (!url.pathname.startsWith('/api/')) {
      await servePage(this.#pages, url.pathname, response)
      return
    }
    const body = await readAll(request)
    if (this.knobs.isDown) {
      request.socket.destroy()
      return
    }
    if (this.knobs.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.knobs.delayMs))
    this.#api(request, url, body, response)
  }

  #api(request: IncomingMessage, url: URL, body: string, response: ServerResponse): void {
    const path = url.pathname.slice('/api/v1/'.length)
    if (request.method === 'POST' && path === 'login') {
      const { user, password } = JSON.parse(body) as { user: string; password: string }
      if (password !== 'open sesame') {
        fail(response, 401, '用户名或密码不对。', 'The user or the password is wrong.')
        return
      }
      const session = `s${Math.random().toString(36).slice(2)}`
      this.#sessions.add(session)
      response.setHeader('set-cookie', `gengfu=${session}; HttpOnly; SameSite=Strict; Path=/`)
      json(response, 200, { token: session, user, role: this.knobs.role })
      return
    }
    if (!this.#isSignedIn(request)) {
      fail(response, 401, '请先登录。', 'Sign in first.')
      return
    }
    if (path === 'me/stay') this.stays += 1
    if (path === 'me' || path === 'me/stay') json(response, 200, this.#me())
    else if (path === 'villages') json(response, 200, { villages: this.villages })
    else if (path === 'alarms') this.#list(url, response)
    else if (path.endsWith('/retire')) this.#retire(path, body, response)
    else if (path === 'commands') json(response, 200, { commands: this.commands })
    else if (path.startsWith('boxes/')) this.#ask(path, body, response)
    else if (path === 'logout') {
      this.#sessions.clear()
      json(response, 200, {})
    } else this.#act(path, response)
  }

  #me(): MeAnswer {
    const centreTimeMs = this.nowMs()
    const expiresAtMs = centreTimeMs + this.knobs.sessionLeftMs
    return { user: 'wang', role: this.knobs.role, expiresAtMs, centreTimeMs }
  }

  #retire(path: string, body: string, response: ServerResponse): void {
    const [, box = ''] = /^villages\/([^/]+)\/retire$/.exec(path) ?? []
    const { why } = JSON.parse(body) as { why: string }
    this.retired.push({ box, why })
    this.#position += 1
    this.tell({ type: 'box.retired', position: String(this.#position), box, by: 'wang' })
    json(response, 200, { box, retired: true })
  }

  #list(url: URL, response: ServerResponse): void {
    const from = Number(url.searchParams.get('after') ?? 0)
    const limit = Number(url.searchParams.get('limit') ?? 100)
    const sorted = [...this.alarms.values()].sort(
      (a, b) => urgency(a.colour) - urgency(b.colour) || b.receivedAtMs - a.receivedAtMs,
    )
    const alarms = sorted.slice(from, from + limit)
    json(response, 200, { alarms, ...(from + limit < sorted.length ? { next: String(from + limit) } : {}) })
  }

  #ask(path: string, body: string, response: ServerResponse): void {
    const [, box = ''] = /^boxes\/([^/]+)\/commands$/.exec(path) ?? []
    const atMs = this.nowMs()
    const times = { askedAtMs: atMs, changedAtMs: atMs, expiresAtMs: atMs + 60_000 }
    const id = `k-${this.commands.length}`
    const wish = JSON.parse(body) as Pick<DeskCommand, 'do'>
    const command: DeskCommand = { ...wish, id, box, by: 'wang', state: 'waiting', ...times }
    this.commands.unshift(command)
    json(response, 200, { command })
  }

  #act(path: string, response: ServerResponse): void {
    const [, id, verb] = /^alarms\/([^/]+)\/(accept|seen)$/.exec(path) ?? []
    const alarm = id === undefined ? undefined : this.alarms.get(decodeURIComponent(id))
    if (alarm === undefined) {
      fail(response, 404, '没有这条报警。', 'No such alarm.')
      return
    }
    if (verb === 'seen') {
      this.seen.push(alarm.id)
      if (alarm.stage === 'centre') this.put('stage', { ...alarm, stage: 'seen' })
      json(response, 200, { alarm: this.alarms.get(alarm.id) })
      return
    }
    this.accepts.push(alarm.id)
    const by = this.knobs.heldBy ?? 'wang'
    const accepted: DeskAlarm = {
      ...alarm,
      stage: 'accepted',
      acceptedBy: by,
      acceptedAtMs: this.nowMs(),
      needsAnswer: false,
    }
    this.put('stage', accepted)
    if (this.knobs.heldBy === undefined) json(response, 200, { alarm: accepted })
    else fail(response, 409, `${by} 已接警。`, `${by} has accepted it already.`, accepted)
  }
}

function json(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

function fail(response: ServerResponse, status: number, zh: string, en: string, alarm?: DeskAlarm): void {
  json(response, status, { error: { code: `http-${status}`, message: { zh, en } }, alarm })
}

async function readAll(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

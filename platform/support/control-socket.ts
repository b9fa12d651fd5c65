// The control socket of a running program, for commands on the same machine. It is in the data folder, and only the folder's owner can
// open it.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { messageOf } from '../failure.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'

/** Longer ones can not be named by the system (sun_path). */
const pathBytesMax = 107
const requestBytesMax = 16 * 1024
const answerBytesMax = 32 * 1024 * 1024
const answerMsMax = 60_000

export const controlSocketOf = (dataDir: string): string => join(dataDir, 'control.sock')

/** The answer: a value as JSON, or bytes. */
export type ControlCall = (body: unknown) => Promise<Result<object | Uint8Array>>

export class ControlSocket {
  readonly #path: string
  readonly #calls: Readonly<Record<string, ControlCall>>
  readonly #logger: Logger
  readonly #server: Server

  constructor(dataDir: string, calls: Readonly<Record<string, ControlCall>>, logger: Logger) {
    this.#path = controlSocketOf(dataDir)
    this.#calls = calls
    this.#logger = logger
    this.#server = createServer((asked, response) => void this.#serve(asked, response))
  }

  /** Never rejects: without its control socket, the program still protects the village. */
  async start(): Promise<void> {
    if (Buffer.byteLength(this.#path) > pathBytesMax) {
      this.#logger.warn({ path: this.#path }, 'no control socket: the path of the data folder is too long')
      return
    }
    try {
      // Left by a program that was killed; the lock of the folder lets one program in.
      rmSync(this.#path, { force: true })
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen(this.#path, () => {
          this.#server.off('error', reject)
          resolve()
        })
      })
      chmodSync(this.#path, 0o600)
    } catch (error) {
      this.#logger.warn({ err: error }, 'no control socket: commands on this machine can not ask the program')
    }
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = (asked.url ?? '').slice(1)
    const call = Object.hasOwn(this.#calls, name) ? this.#calls[name] : undefined
    try {
      const body = await readAll(asked, requestBytesMax)
      const json = body.length === 0 ? ok(undefined) : parseJson(body, requestBytesMax)
      const done = !call ? bad('no such call') : json.ok ? await call(json.value) : json
      if (!done.ok) return send(response, 400, JSON.stringify({ problems: done.problems }))
      const isBytes = done.value instanceof Uint8Array
      send(response, 200, isBytes ? Buffer.from(done.value as Uint8Array) : JSON.stringify(done.value))
    } catch (error) {
      this.#logger.warn({ err: error, call: name }, 'a command on this machine could not be answered')
      send(response, 500, JSON.stringify({ problems: [{ path: '', message: messageOf(error) }] }))
    }
  }
}

function send(response: ServerResponse, status: number, body: string | Buffer): void {
  if (response.headersSent) return
  response.writeHead(status, { connection: 'close' })
  response.end(body)
}

async function readAll(stream: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new Error('too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Undefined when no program runs on this folder. */
export async function callControlSocket(
  dataDir: string,
  name: string,
  body?: object,
): Promise<Result<Buffer> | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: controlSocketOf(dataDir),
        path: `/${name}`,
        method: 'POST',
        signal: AbortSignal.timeout(answerMsMax),
      },
      (reply) => {
        readAll(reply, answerBytesMax)
          .then((bytes) => {
            if (reply.statusCode === 200) return resolve(ok(bytes))
            const json = parseJson(bytes, requestBytesMax)
            const { problems } = (json.ok ? json.value : {}) as {
              problems?: { path: string; message: string }[]
            }
            resolve(problems ? { ok: false, problems } : bad(`it answers ${reply.statusCode}`))
          })
          .catch(reject)
      },
    )
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else if (error.code === 'EACCES')
        resolve(bad('run it as root or as the user of the service 请用 root 或服务用户运行'))
      else reject(error)
    })
    asked.end(body === undefined ? '' : JSON.stringify(body))
  })
}

// A camera's ONVIF services as the standard defines them, with one habit: its changed answers and its check of a
// sign-in.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerTo, fault, operationOf } from '../onvif-answers.ts'
import { SignIn } from '../sign-in.ts'
import { account, type Habit } from './habit.ts'

export interface OnvifCall {
  operation: string
  path: string
  body: string
  headers: Record<string, string | string[] | undefined>
  /** Its own `http://host:port`. */
  base: string
  /** The answer without the habit. */
  usual: string
}

export interface OnvifReply {
  status?: number
  headers?: Record<string, string>
  xml: string
}

export interface OnvifHabit extends Habit {
  /** Every request but the one for its time needs a token. */
  isSigned?: boolean
  /** That one also needs a token. */
  isTimeSigned?: boolean
  /** Its clock minus the real time. */
  clockMs?: number
  password?: string
  /** Its refusal of a token. */
  refusal?: OnvifReply
  /** Undefined: the usual answer. */
  serve?(call: OnvifCall): OnvifReply | undefined
  /** The snapshot page answers this instead of a picture. */
  pageStatus?: number
}

export const notAuthorized = fault('NotAuthorized', 'Sender not authorized')
export const notSupported: OnvifReply = {
  status: 500,
  xml: fault('ActionNotSupported', 'Optional action not implemented'),
}

export class OnvifCamera {
  readonly #server: Server
  /** Operations in order, with the paths of their requests. */
  readonly asked: string[] = []
  /** Tokens that it refused. */
  refused = 0

  constructor(habit: OnvifHabit, picture: Uint8Array, wallMs: () => number) {
    const signIn = new SignIn({ user: account.user, password: habit.password ?? account.password }, 'digest')
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { url = '/', method, headers } = request
        if (method === 'GET') {
          response.writeHead(habit.pageStatus ?? 200, { 'content-type': 'image/jpeg' })
          return void response.end(habit.pageStatus === undefined ? picture : 'no')
        }
        const body = Buffer.concat(chunks).toString('utf8')
        const operation = operationOf(body)
        this.asked.push(`${url} ${operation}`)
        const nowMs = wallMs() + (habit.clockMs ?? 0)
        const send = ({ status = 200, headers: own, xml }: OnvifReply): void => {
          response.writeHead(status, { 'content-type': 'application/soap+xml; charset=utf-8', ...own })
          response.end(xml)
        }
        const isOpen = !habit.isSigned || (operation === 'GetSystemDateAndTime' && !habit.isTimeSigned)
        if (!isOpen && !signIn.acceptsToken(body, nowMs)) {
          if (body.includes('UsernameToken')) this.refused++
          return send(habit.refusal ?? { status: 400, xml: notAuthorized })
        }
        const base = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
        const usual =
          answerTo(body, {
            base,
            streamUri: 'rtsp://127.0.0.1:1/none',
            snapshotUri: `${base}/snapshot.jpg`,
            cameraTimeMs: nowMs,
            notifications: [],
          }) ?? notSupported.xml
        send(habit.serve?.({ operation, path: url, body, headers, base, usual }) ?? { xml: usual })
      })
    })
  }

  /** `host:port`, once started. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

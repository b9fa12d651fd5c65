// The listener for alarm panels (SIA DC-09) by TCP and UDP. A report is acknowledged only when it is stored; without an answer the panel sends it
// again. Any machine may connect, so bytes, connections and idle time are bounded, and an unlisted account gets no answer.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import {
  encodeFrame,
  frameBytesMax,
  parseFrame,
  parseKey,
  type Dc09Frame,
} from '../../../platform/dc09/dc09-frame.ts'
import { StrangerGuard } from '../../../platform/strangers/stranger-guard.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Dc09Settings } from '../../config/bus-settings.ts'
import { PacedLog } from '../../../platform/paced-log.ts'
import { callerLimits } from './caller-limits.ts'
import { ConnectionsByName } from './connections-by-name.ts'
import type { DialectIntake } from './dialect-intake.ts'
import { WaitingByName } from './waiting-by-name.ts'

/** Reports that wait for their commit; a further one gets no answer, and its panel sends it again. A panel waits for each. */
const waitingLimits = { max: 256, perName: 4 }
const firstByteMs = 30_000
const firstReportMs = 120_000
const brokenMax = 20
/** Frames of one connection in one turn of the event loop: a repeat is answered at once, and many would hold everybody up. */
const framesInTurnMax = 16
/** Connections of one account. */
export const connectionsPerAccountMax = 4
/** DC-09 clause 5.5.1.9: how far the time of an encrypted frame may be away, in the past and in the future. */
const pastMsMax = 20_000
const futureMsMax = 40_000

export interface PanelListenerOptions {
  id: string
  settings: Dc09Settings
  dialects: Pick<DialectIntake, 'take' | 'isListed'>
  clock: Clock
  /** A box that does not know the time refuses no report for its time, and sets no panel's clock. */
  isClockSynced: () => boolean
  logger: Logger
}

interface Caller {
  /** Absent by UDP. */
  socket?: Socket
  answer: (bytes: Buffer, account: string) => void
}

/** What has arrived on one connection, and is not read yet. */
interface Stream {
  caller: Caller
  rest: Buffer
  broken: number
}

export class PanelListener {
  readonly #options: PanelListenerOptions
  readonly #server: Server
  readonly #guard: StrangerGuard
  readonly #sockets = new Set<Socket>()
  /** Of listed accounts. */
  readonly #ofAccount = new ConnectionsByName(connectionsPerAccountMax)
  #key: Buffer | undefined
  #udp: UdpSocket | undefined
  readonly #waiting = new WaitingByName(waitingLimits)
  /** Any machine can cause these lines. */
  readonly #log: PacedLog

  constructor(options: PanelListenerOptions) {
    this.#options = options
    this.#log = new PacedLog(options.clock)
    this.#server = createServer((socket) => this.#serve(socket))
    this.#guard = new StrangerGuard({
      limits: {
        ...callerLimits,
        firstByteMs,
        signInMs: firstReportMs,
        admitted: options.settings.connections,
      },
      clock: options.clock,
      onRefused: (reason, address) =>
        options.logger.debug({ reason, address }, 'a caller without a report of a listed account was closed'),
    })
    this.#guard.watch(this.#server)
  }

  async start(): Promise<number> {
    const { host, port } = this.#options.settings
    this.#key = readKey(this.#options.settings)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const bound = (this.#server.address() as AddressInfo).port
    await this.#listenUdp(host, bound)
    this.#options.logger.info({ host, port: bound, bridge: this.#options.id }, 'listens for alarm panels')
    return bound
  }

  async stop(): Promise<void> {
    this.#udp?.close()
    this.#udp = undefined
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #listenUdp(host: string, port: number): Promise<void> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, host, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    socket.on('error', () => undefined)
    socket.on('message', (bytes, from) => {
      this.#take(bytes, {
        answer: (answer) => {
          if (this.#udp === socket) socket.send(answer, from.port, from.address, () => undefined)
        },
      })
    })
    this.#udp = socket
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setTimeout(this.#options.settings.idleS * 1000, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    const answer = (bytes: Buffer, account: string): void => {
      if (!socket.destroyed && this.#guard.admit(socket, account)) socket.write(bytes)
    }
    const stream: Stream = { caller: { socket, answer }, rest: Buffer.alloc(0), broken: 0 }
    socket.on('data', (chunk: Buffer) => {
      stream.rest = Buffer.concat([stream.rest, chunk])
      this.#read(socket, stream)
    })
  }

  #read(socket: Socket, stream: Stream): void {
    for (let frames = 0; !socket.destroyed; frames++) {
      const end = stream.rest.indexOf(0x0d)
      if (end < 0) break
      if (frames >= framesInTurnMax) {
        socket.pause()
        setImmediate(() => this.#read(socket, stream))
        return
      }
      const bytes = stream.rest.subarray(0, end)
      stream.rest = stream.rest.subarray(end + 1)
      if (!this.#take(bytes, stream.caller) && ++stream.broken > brokenMax)
        return this.#end(socket, 'no frames of DC-09')
    }
    if (stream.rest.length > frameBytesMax) this.#end(socket, 'more bytes than a frame has')
    else socket.resume()
  }

  /** False when these are no frame. */
  #take(bytes: Buffer, { socket, answer }: Caller): boolean {
    const { settings, dialects, id, logger } = this.#options
    const key = this.#key
    const frame = parseFrame(bytes, key)
    // A wrong CRC is not answered: the panel sends the frame again.
    if (typeof frame === 'string') return false
    const { account } = frame
    // With a key, a frame in clear may come from any machine.
    if (account === undefined || !dialects.isListed(account) || (key !== undefined && !frame.isEncrypted))
      return true
    if (socket) this.#ofAccount.enter(account, socket)
    if (this.#isOutOfTime(frame)) {
      answer(this.#nak(), account)
      return true
    }
    if (!this.#waiting.enter(account)) return true
    const { atMs: _time, isEncrypted: _cipher, ...clear } = frame
    dialects.take(
      id,
      { topic: `dc09/${account}`, payload: encodeFrame(clear), isRetained: false, isUnmarked: true },
      {
        kept: (reply) => {
          this.#waiting.leave(account)
          const word = reply === undefined ? '' : Buffer.from(reply).toString('latin1')
          if (word === 'ACK' || word === 'DUH') answer(this.#answerTo(frame, word, key), account)
        },
        refused: (error) => {
          this.#waiting.leave(account)
          this.#log.line((leftOut) =>
            logger.warn(
              { bridge: id, reason: error.message, port: settings.port, leftOut },
              'a report of a panel could not be stored',
            ),
          )
        },
      },
    )
    return true
  }

  #isOutOfTime({ isEncrypted, atMs }: Dc09Frame): boolean {
    const { clock, isClockSynced } = this.#options
    if (!isEncrypted || atMs === undefined || !isClockSynced()) return false
    const aheadMs = atMs - clock.wallMs()
    return aheadMs < -pastMsMax || aheadMs > futureMsMax
  }

  /** The same sequence, receiver, line and account; encrypted when the report was. */
  #answerTo(
    { sequence, receiver, line, account, isEncrypted, atMs: sentMs }: Dc09Frame,
    id: 'ACK' | 'DUH',
    key?: Buffer,
  ): Buffer {
    const { clock, isClockSynced } = this.#options
    // A panel may set its clock by it: a box that does not know the time answers with the panel's own.
    const atMs = isClockSynced() ? clock.wallMs() : (sentMs ?? clock.wallMs())
    return encodeFrame(
      {
        id,
        data: '',
        more: '',
        ...(sequence === undefined ? {} : { sequence }),
        ...(receiver === undefined ? {} : { receiver }),
        ...(line === undefined ? {} : { line }),
        ...(account === undefined ? {} : { account }),
        ...(isEncrypted ? { atMs } : {}),
      },
      isEncrypted ? key : undefined,
    )
  }

  /** With our time: the panel sets its clock by it, and sends again. Never encrypted: `"NAK"0000R0L0A0[]_time`. */
  #nak(): Buffer {
    const atMs = this.#options.clock.wallMs()
    return encodeFrame({ id: 'NAK', sequence: 0, receiver: '0', line: '0A0', data: '', more: '', atMs })
  }

  #end(socket: Socket, problem: string): void {
    const { id, logger } = this.#options
    const address = socket.remoteAddress
    this.#log.line((leftOut) =>
      logger.warn({ bridge: id, address, problem, leftOut }, 'a caller that sends no DC-09 is disconnected'),
    )
    socket.destroy()
  }
}

/** Once: a key that can not be read is a fault of the start, not of the first alarm. */
function readKey({ keyFile }: Dc09Settings): Buffer | undefined {
  if (keyFile === undefined) return undefined
  const key = parseKey(readFileSync(keyFile, 'utf8'))
  if (!key) throw new Error(`${keyFile}: 32, 48 or 64 hexadecimal digits`)
  return key
}

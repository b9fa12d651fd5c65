// The listener for SL 651 recorders. A report is confirmed only when it is stored; without a confirmation the recorder
// sends it again. Any machine may connect, so bytes, connections and idle time are bounded, and an unlisted station
// gets no answer.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { PacedLog } from '../../../platform/paced-log.ts'
import { StrangerGuard } from '../../../platform/strangers/stranger-guard.ts'
import type { Sl651Settings } from '../../config/bus-settings.ts'
import { cutFrame, frameBytesMax, type Frame } from '../sl651/frame.ts'
import { Packets } from '../sl651/packets.ts'
import { callerLimits } from './caller-limits.ts'
import { ConnectionsByName } from './connections-by-name.ts'
import type { DialectIntake } from './dialect-intake.ts'

/** All packets of one report; beyond it the connection ends. */
export const reportBytesMax = 65_536
/** Reports of one connection that wait for their commit; beyond it nothing more is read from it. A recorder waits for each. */
const waitingMax = 2
/** Connections of one station. */
export const connectionsPerStationMax = 4
/** A recorder on a slow radio link has so long for its first byte, and for its first report. */
const firstByteMs = 30_000
const firstReportMs = 180_000
/**
 * Frames of one connection in one turn of the event loop. A repeat is answered at once: a recorder that sends a thousand of them
 * in one segment would hold everybody up.
 */
const framesInTurnMax = 16
/** Broken frames of one connection; beyond it the connection ends. */
const brokenMax = 20

export interface RecorderListenerOptions {
  id: string
  settings: Sl651Settings
  dialects: DialectIntake
  clock: Clock
  logger: Logger
}

interface Caller {
  socket: Socket
  bytes: Buffer
  /** Of an unfinished report. */
  packets: Packets
  waiting: number
  broken: number
  /** An answer that comes at once must not read on from inside: the stack would end before the frames do. */
  isReading: boolean
}

export class RecorderListener {
  readonly #options: RecorderListenerOptions
  readonly #server: Server
  readonly #guard: StrangerGuard
  readonly #sockets = new Set<Socket>()
  /** Any machine can cause these lines. */
  readonly #log: PacedLog
  /** Of listed stations. */
  readonly #ofStation = new ConnectionsByName(connectionsPerStationMax)

  constructor(options: RecorderListenerOptions) {
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
        options.logger.debug({ reason, address }, 'a caller without a report of a listed station was closed'),
    })
    this.#guard.watch(this.#server)
  }

  async start(): Promise<number> {
    const { host, port } = this.#options.settings
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const bound = (this.#server.address() as AddressInfo).port
    this.#options.logger.info({ host, port: bound, bridge: this.#options.id }, 'listens for recorders')
    return bound
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setTimeout(this.#options.settings.idleS * 1000, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    const caller: Caller = {
      socket,
      bytes: Buffer.alloc(0),
      packets: new Packets(),
      waiting: 0,
      broken: 0,
      isReading: false,
    }
    socket.on('data', (chunk: Buffer) => {
      caller.bytes = Buffer.concat([caller.bytes, chunk])
      this.#read(caller)
    })
  }

  #read(caller: Caller): void {
    if (caller.isReading) return
    caller.isReading = true
    const isMore = this.#readTurn(caller)
    caller.isReading = false
    const { socket } = caller
    if (socket.destroyed) return
    if (isMore) {
      socket.pause()
      setImmediate(() => this.#read(caller))
    } else if (caller.bytes.length > frameBytesMax && caller.waiting < waitingMax)
      this.#end(caller, 'more bytes than a frame has')
    else if (caller.waiting >= waitingMax) socket.pause()
    else socket.resume()
  }

  /** True when there may be more frames for the next turn. */
  #readTurn(caller: Caller): boolean {
    const { socket } = caller
    for (let frames = 0; caller.waiting < waitingMax && !socket.destroyed; frames++) {
      if (frames >= framesInTurnMax) return true
      const cut = cutFrame(caller.bytes)
      if (cut.size === 0) return false
      caller.bytes = caller.bytes.subarray(cut.size)
      if (!cut.frame) {
        // A broken frame is not confirmed: the recorder sends it again.
        if (++caller.broken > brokenMax) this.#end(caller, cut.problem ?? 'no frame')
        continue
      }
      this.#take(caller, cut.frame, Buffer.from(cut.bytes))
    }
    return false
  }

  #take(caller: Caller, frame: Frame, bytes: Buffer): void {
    if (frame.isDown) return
    if (this.#options.dialects.isListed(frame.station)) this.#ofStation.enter(frame.station, caller.socket)
    if (!frame.isMulti) return this.#keep(caller, frame.station, bytes)
    const taken = caller.packets.take(frame, bytes)
    if (caller.packets.size > reportBytesMax) return this.#end(caller, 'a report of too many bytes')
    if ('whole' in taken) return this.#keep(caller, frame.station, taken.whole)
    if ('problem' in taken)
      this.#log.line((leftOut) =>
        this.#options.logger.info({ bridge: this.#options.id, ...taken, leftOut }, 'a report is given up'),
      )
    else if (this.#options.dialects.isListed(frame.station))
      for (const answer of taken.answers) caller.socket.write(answer)
  }

  #keep(caller: Caller, station: string, payload: Uint8Array): void {
    const { dialects, id, logger } = this.#options
    const { socket } = caller
    caller.waiting++
    const done = (): void => {
      caller.waiting--
      this.#read(caller)
    }
    dialects.take(
      id,
      { topic: 'sl651', payload, isRetained: false },
      {
        kept: (reply) => {
          if (reply && !socket.destroyed && this.#guard.admit(socket, station)) socket.write(reply)
          done()
        },
        // Without an answer the recorder keeps the report and sends it again.
        refused: (error) => {
          this.#log.line((leftOut) =>
            logger.warn(
              { bridge: id, reason: error.message, leftOut },
              'a report of a recorder could not be stored',
            ),
          )
          done()
        },
      },
    )
  }

  #end({ socket }: Caller, problem: string): void {
    const address = socket.remoteAddress
    this.#log.line((leftOut) =>
      this.#options.logger.warn(
        { bridge: this.#options.id, address, problem, leftOut },
        'a caller that sends no SL 651 is disconnected',
      ),
    )
    socket.destroy()
  }
}

// The bytes of a box are checked frame by frame before aedes reads them, by the same rules as at the box's own broker;
// reading stops while too much of the box is not stored yet.
import type { Socket } from 'node:net'
import { FrameGuard, unknownVersionAnswer, type FrameProblem } from '../../../platform/mqtt/frame-guard.ts'
import { describeViolation, packetTypes } from '../../../platform/mqtt/packet-rules.ts'
import { reportBytesMax } from '../../../protocols/uplink/report.ts'

/** A frame before the CONNECT is accepted: client id, user, password. */
export const strangerFrameBytesMax = 4096
/** SUBSCRIBE and UNSUBSCRIBE: a box needs three topics. */
export const subscribeFrameBytesMax = 2048
/** A PUBLISH has its topic beside its payload. */
const topicBytesMax = 1024

export interface UplinkFramesOptions {
  isStranger: () => boolean
  isHeld: () => boolean
  /** The connection has ended for this reason. */
  onProblem: (cause: FrameProblem['cause'], facts: { clause?: string; detail?: string }) => void
}

/** The centre sends QoS 0 and 1 only, so PUBACK is the only acknowledgement that can be due. */
const isDue = (type: number): boolean => type === packetTypes.puback

export function guardUplinkFrames(
  socket: Socket,
  { isStranger, isHeld, onProblem }: UplinkFramesOptions,
): void {
  const guard = new FrameGuard(
    {
      frameBytesBeforeConnect: strangerFrameBytesMax,
      frameBytes: reportBytesMax + topicBytesMax,
      subscribeBytes: subscribeFrameBytesMax,
      isTrusted: () => !isStranger(),
    },
    isDue,
  )
  const read = socket.read.bind(socket)
  socket.read = (size?: number): Buffer | null => {
    if (isHeld()) return null
    const chunk = read(size) as Buffer | null
    if (chunk === null) return null
    let at = 0
    while (at < chunk.length) {
      const taken = guard.take(chunk.subarray(at))
      if (typeof taken === 'number') {
        at += taken
        continue
      }
      // The frames before the wrong one count: the wrong one is checked again as the first of the next read.
      if (at > 0) {
        socket.unshift(chunk.subarray(at))
        return chunk.subarray(0, at)
      }
      refuse(socket, taken, onProblem)
      return null
    }
    return chunk
  }
}

function refuse(socket: Socket, problem: FrameProblem, onProblem: UplinkFramesOptions['onProblem']): void {
  const { cause } = problem
  onProblem(cause, 'violation' in problem ? describeViolation(problem.violation) : {})
  if (cause === 'mqtt-5' || cause === 'unknown-version')
    socket.end(unknownVersionAnswer, () => socket.destroy())
  else socket.destroy()
}

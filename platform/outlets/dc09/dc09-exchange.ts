// One frame to one receiver and its answer, by TCP or UDP. What the receiver sends is read up to one frame.
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { frameBytesMax } from '../../dc09/dc09-frame.ts'

export interface Dc09Receiver {
  host: string
  port: number
}

/** A datagram may be lost: the same frame goes again, with the same number. */
const datagramAgainMs = 2000

/** Up to and with CR; what does not end within the limit is returned as it is, to be refused. */
export function exchangeTcp(
  { host, port }: Dc09Receiver,
  frame: Uint8Array,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    let heard = Buffer.alloc(0)
    const end = (done: () => void): void => {
      socket.destroy()
      done()
    }
    socket.on('connect', () => socket.write(frame))
    socket.on('data', (part) => {
      heard = Buffer.concat([heard, part])
      if (heard.includes(0x0d) || heard.length > frameBytesMax) end(() => resolve(heard))
    })
    socket.on('error', (error) => end(() => reject(error)))
    socket.on('close', () =>
      reject(new Error(heard.length > 0 ? 'the answer has no end' : 'closed without an answer')),
    )
  })
}

export function exchangeUdp(
  { host, port }: Dc09Receiver,
  frame: Uint8Array,
  signal: AbortSignal,
  after: (delayMs: number, run: () => void) => () => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    let cancel: () => void = () => undefined
    let isEnded = false
    const end = (done: () => void): void => {
      if (isEnded) return
      isEnded = true
      cancel()
      signal.removeEventListener('abort', aborted)
      socket.close()
      done()
    }
    const aborted = (): void => end(() => reject(new Error('no answer')))
    if (signal.aborted) return aborted()
    signal.addEventListener('abort', aborted, { once: true })
    socket.on('error', (error) => end(() => reject(error)))
    socket.on('message', (answer) => end(() => resolve(answer)))
    // With an error where the name is unknown or there is no way: a send would throw, outside of any caller.
    const send = (error?: Error): void => {
      if (error) return end(() => reject(error))
      if (isEnded) return
      socket.send(frame)
      cancel = after(datagramAgainMs, () => send())
    }
    // Connected: a datagram of another sender is not taken for the answer.
    socket.connect(port, host, send)
  })
}

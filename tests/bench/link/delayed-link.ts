// A TCP path of known delay and rate between box and centre, for benchmarks that need an uplink with a round trip.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface DelayedLink {
  port: number
  /** Its target on loopback: may be set after opening. */
  target: number
  close(): void
}

/** `bytesPerSecond` 0: unlimited. */
export async function openDelayedLink(options: {
  oneWayMs: number
  bytesPerSecond: number
}): Promise<DelayedLink> {
  const { oneWayMs, bytesPerSecond } = options
  const sockets = new Set<Socket>()
  const carry = (from: Socket, to: Socket): void => {
    let freeMs = 0
    from.on('data', (bytes) => {
      const nowMs = performance.now()
      const ownMs = bytesPerSecond > 0 ? (bytes.length / bytesPerSecond) * 1000 : 0
      freeMs = Math.max(nowMs, freeMs) + ownMs
      const waitMs = freeMs + oneWayMs - nowMs
      if (waitMs <= 0) to.write(bytes)
      else setTimeout(() => to.write(bytes), waitMs)
    })
    from.on('error', () => from.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    sockets.add(from)
  }
  const link: DelayedLink = {
    port: 0,
    target: 0,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: link.target, host: '127.0.0.1', noDelay: true })
    carry(near, far)
    carry(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  link.port = (server.address() as AddressInfo).port
  return link
}

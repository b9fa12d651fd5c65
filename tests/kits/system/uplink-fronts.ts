// Possible parts between a box and its centre: TLS, WebSocket, an HTTP proxy, a link that goes silent.
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { createWebSocketStream, WebSocketServer } from 'ws'

export interface Front {
  readonly port: number
  readonly connections: number
  close(): Promise<void>
}

function join(a: Duplex, b: Duplex): void {
  a.on('error', () => b.destroy()).on('close', () => b.destroy())
  b.on('error', () => a.destroy()).on('close', () => a.destroy())
  a.pipe(b).pipe(a)
}

async function listen(server: net.Server, port = 0): Promise<Front> {
  const sockets = new Set<net.Socket>()
  let connections = 0
  server.on('connection', (socket: net.Socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const toPort = (port: number): net.Socket => net.connect(port, '127.0.0.1')

/** TLS that asks for a certificate of this authority. */
export function createTlsFront(
  to: number,
  options: { ca: string; cert: string; key: string },
): Promise<Front> {
  const server = tls.createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (socket) =>
    join(socket, toPort(to)),
  )
  server.on('tlsClientError', () => undefined)
  return listen(server)
}

export function createWebSocketFront(to: number): Promise<Front> {
  const server = http.createServer()
  const sockets = new WebSocketServer({ server, path: '/uplink', handleProtocols: () => 'mqtt' })
  sockets.on('connection', (socket) => join(createWebSocketStream(socket), toPort(to)))
  return listen(server)
}

export function createProxy(answer = 200): Promise<Front & { asked: string[] }> {
  const asked: string[] = []
  const server = http.createServer()
  server.on('connect', (request: http.IncomingMessage, socket: Duplex) => {
    asked.push(request.url ?? '')
    if (answer !== 200) return void socket.end(`HTTP/1.1 ${answer} Refused\r\n\r\n`)
    const target = toPort(Number(request.url?.split(':').at(-1)))
    target.on('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      join(socket, target)
    })
  })
  return listen(server).then((front) => Object.assign(front, { asked }))
}

/** A link that can be frozen: sockets stay open, nothing passes, new ones are accepted and stay silent too. */
export async function createFreezer(to: number): Promise<Front & { freeze(): void; thaw(): void }> {
  let isFrozen = false
  const pairs = new Set<[net.Socket, net.Socket]>()
  const server = net.createServer((socket) => {
    const target = toPort(to)
    const pair: [net.Socket, net.Socket] = [socket, target]
    pairs.add(pair)
    socket.on('data', (chunk) => isFrozen || target.write(chunk))
    target.on('data', (chunk) => isFrozen || socket.write(chunk))
    for (const side of pair) {
      side.on('error', () => undefined)
      side.on('close', () => {
        pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
    }
  })
  const front = await listen(server)
  return Object.assign(front, {
    freeze: () => {
      isFrozen = true
    },
    thaw: () => {
      isFrozen = false
    },
  })
}

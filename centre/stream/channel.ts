// One open stream to a desk or program, over WebSocket or server-sent events: what the stream needs of either.
import type { ServerResponse } from 'node:http'
import { WebSocket } from 'ws'

export interface Channel {
  /** One message, which is JSON; `position` is where to resume behind it. */
  send(json: string, position?: string): void
  isOpen(): boolean
  /** Bytes that wait for the other side. */
  unsentBytes(): number
  /** Asks for, or is, a sign of life. */
  ping(): void
  /** The reason goes to the other side as a WebSocket close code. */
  end(code: number, reason: string): void
  /** At once. */
  terminate(): void
}

export function webSocketChannel(ws: WebSocket): Channel {
  return {
    send: (json) => ws.send(json),
    isOpen: () => ws.readyState === WebSocket.OPEN,
    unsentBytes: () => ws.bufferedAmount,
    ping: () => ws.ping(),
    end: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  }
}

/** Server-sent events (HTML, section 9.2): `id` is the position, which a browser sends back as Last-Event-ID. */
export function eventsChannel(response: ServerResponse): Channel {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // nginx would keep events back.
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  const end = (event: string): void => void response.end(event)
  return {
    send: (json, position) =>
      void response.write(`${position === undefined ? '' : `id: ${position}\n`}data: ${json}\n\n`),
    isOpen: () => !response.writableEnded && !response.destroyed,
    unsentBytes: () => response.writableLength,
    ping: () => void response.write(': still here\n\n'),
    end: (code, reason) => end(`event: end\ndata: ${JSON.stringify({ code, reason })}\n\n`),
    terminate: () => void response.destroy(),
  }
}

// The browser's WebSocket behind the small Socket interface of the stream link.
import type { Socket } from './stream-link.ts'

export function openBrowserSocket(): Socket {
  const address = new URL('api/v1/stream', document.baseURI)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(address.href)
  return {
    onMessage: (listener) => {
      socket.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (typeof event.data === 'string') listener(event.data)
      })
    },
    // An error is always followed by a close.
    onClose: (listener) => socket.addEventListener('close', () => listener()),
    close: () => socket.close(),
  }
}

// Receivers for campaigns that are slow, refuse, close and lie at random, and what they have got.
import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net'
import { encodeFrame, parseFrame } from '../../../platform/dc09/dc09-frame.ts'
import type { Random } from '../../../protocols/kit/random.ts'

/** By receiver: the ids under which a case came, with how often. */
export type Got = Map<string, Map<string, number>>

export const note = (got: Got, item: string, id: string): void => {
  const ids = got.get(item) ?? new Map<string, number>()
  ids.set(id, (ids.get(id) ?? 0) + 1)
  got.set(item, ids)
}

/** `key`: by what messages are told apart. At random: takes the message and closes, refuses, is slow, or answers. A message that it has read counts as received. */
export async function openWebhook(
  got: Got,
  random: Random,
  key: 'case' | 'device',
): Promise<{ server: Server; url: string }> {
  const server = createHttp((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const turn = random.next()
      if (turn < 0.1) {
        response.writeHead(503).end('busy')
        return
      }
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
        data?: { case?: string; device?: string; step?: string }
      }
      const { [key]: item = '', step } = body.data ?? {}
      if (step === 'raised') note(got, item, String(request.headers['webhook-id']))
      // Taken, and the centre does not hear of it.
      if (turn < 0.25) request.socket.destroy()
      else setTimeout(() => response.writeHead(200).end('{}'), turn < 0.5 ? 100 : 0)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** The same by DC-09; the id of a message is its sequence number. */
export async function openStation(
  got: Got,
  random: Random,
  pattern: RegExp,
): Promise<{ server: TcpServer; port: number }> {
  const server = createTcp((socket: Socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      const frame = parseFrame(bytes)
      if (typeof frame === 'string' || frame.data === '') return void socket.destroy()
      const turn = random.next()
      if (turn < 0.1) return void socket.destroy()
      const item = pattern.exec(frame.more)?.[0] ?? ''
      note(got, item, String(frame.sequence))
      if (turn < 0.25) return void socket.destroy()
      socket.write(encodeFrame({ ...frame, id: 'ACK', data: '', more: '' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

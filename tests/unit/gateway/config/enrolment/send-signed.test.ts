// Does an upload end with every kind of answer? The box sends one upload at a time: if one never ended, no other would start.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { sendSigned } from '../../../../../gateway/config/enrolment/send-signed.ts'

let server: Server | undefined
afterEach(() => server?.close())

it.each([
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n'],
  ['a refusal', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'],
  ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno'],
  ['no HTTP', 'hello\r\n\r\n'],
])('ends as failed when the answer is %s', async (_name, answer) => {
  const listening = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(answer, () => setTimeout(() => socket.destroy(), 200)))
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const enrolled = {
    v: 1 as const,
    box: 'box-1',
    uplinkUrl: 'mqtts://127.0.0.1:8883',
    renewAtMs: 0,
    centreUrl: `http://127.0.0.1:${port}`,
    certificate: 'none',
    authority: 'none',
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  expect((await sendSigned(enrolled, 'plan', Buffer.from('bytes'), 0)).ok).toBe(false)
})

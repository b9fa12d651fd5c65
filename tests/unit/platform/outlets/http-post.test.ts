// Does a receiver that answers without end, or with something else than an answer, end its own attempt and nothing more?
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { answerBytesMax } from '../../../../platform/outlets/answer-bytes.ts'
import { httpPost } from '../../../../platform/outlets/http-post.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function post(answer: (socket: Socket) => void): Promise<{ status: number; text: string }> {
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => answer(socket))
  })
  const listening = server
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  // Each of these ends long before.
  return httpPost({ url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' }, AbortSignal.timeout(120_000))
}

function writeWithoutEnd(socket: Socket, part: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(part));
  }
  socket.on('drain', more)
  more()
}

it('reads the beginning of an endless answer', async () => {
  const { status, text } = await post((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    writeWithoutEnd(socket, 'a'.repeat(65_536))
  })
  expect([status, text.length]).toEqual([200, answerBytesMax])
})

it.each([
  [
    'another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n',
    'without an answer',
  ],
  ['nothing, and closes', '', 'hang up'],
])('fails when the answer is %s', async (_name, bytes, words) => {
  await expect(post((socket) => (bytes === '' ? socket.destroy() : socket.write(bytes)))).rejects.toThrow(
    words,
  )
})

it.each(['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'])(
  'fails after a few answers before the answer: %j',
  async (early) => {
    const failure = post((socket) => writeWithoutEnd(socket, early.repeat(100)))
    await expect(failure).rejects.toThrow('without end')
  },
)

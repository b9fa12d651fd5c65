// A stream that is closed before the MQTT client listens to it: with TLS 1.3 a centre refuses a certificate right after
// the handshake, and the close can come before the client has a listener.
import { once } from 'node:events'
import { type Duplex, PassThrough, Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { openConnection } from '../../../../../gateway/uplink/connect/connection.ts'

async function reasonWith(error?: Error): Promise<string> {
  const stream = new PassThrough()
  stream.on('error', () => undefined)
  stream.destroy(error)
  await once(stream, 'close').catch(() => undefined)
  // Far longer than the test may take: the answer must not come from this limit.
  return reasonOn(stream, 3600)
}

function reasonOn(stream: Duplex, connectSeconds: number): Promise<string> {
  return new Promise((resolve) => {
    openConnection({
      boxId: '320612104201-1',
      stream,
      isSecure: true,
      keepAliveSeconds: 60,
      connectSeconds,
      onOpen: () => resolve('opened'),
      onMessage: () => undefined,
      onPicturesWanted: () => undefined,
      onClosed: resolve,
    })
  })
}

it('says at once that the connection is closed when the stream ended before it', async () => {
  expect(await reasonWith()).toBe('the connection was closed')
})

it('gives the reason of a stream that failed before it', async () => {
  expect(await reasonWith(new Error('alert bad certificate'))).toContain('alert bad certificate')
})

it('names packets that vanish when the connection opens and MQTT gets no answer', async () => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const stream = Object.assign(new PassThrough(), { write: silent.write.bind(silent) })
  expect(await reasonOn(stream, 0.05)).toMatch(/^connack timeout: .*packets above some size.*MTU/)
})

// A stream that is closed before the MQTT client listens to it: with TLS 1.3 a centre refuses a certificate right after the
// handshake, and the close can come before anything of ours listens.
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { openConnection } from '../../../../../gateway/uplink/connect/connection.ts'

async function reasonWith(error?: Error): Promise<string> {
  const stream = new PassThrough()
  stream.on('error', () => undefined)
  stream.destroy(error)
  await once(stream, 'close').catch(() => undefined)
  return new Promise((resolve) => {
    openConnection({
      boxId: '320612104201-1',
      stream,
      isSecure: true,
      keepAliveSeconds: 60,
      // Far longer than the test may take: the answer must not come from this limit.
      connectSeconds: 3600,
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

// Does the box find the one address of the centre's name that answers, however slow, and report the reason when none
// does?
import net from 'node:net'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { reasonOf } from '../../../../../gateway/uplink/connect/connect-failure.ts'
import { alternateFamilies, dial } from '../../../../../gateway/uplink/connect/dial.ts'
import { openStream } from '../../../../../gateway/uplink/connect/open-stream.ts'
import { uplinkSettingsSchema } from '../../../../../gateway/config/uplink-settings.ts'
import { createSystemClock } from '../../../../../protocols/kit/clock.ts'

const undos: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of undos.splice(0)) await undo()
})

const options = (addresses: string[], signal = AbortSignal.timeout(60_000)) => ({
  signal,
  clock: createSystemClock(),
  isUrgent: () => false,
  resolveName: async () => addresses,
})

async function listen(host: string, port = 0): Promise<number> {
  const server = net.createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(port, host, resolve))
  undos.push(() => server.close())
  return (server.address() as net.AddressInfo).port
}

/** A listener that accepts nothing and whose queue is full: the kernel drops each SYN until `release`. */
async function listenDeaf(host: string): Promise<{ port: number; release: () => void }> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const source = `const { parentPort, workerData } = require('node:worker_threads')
    const server = require('node:net').createServer((socket) => socket.on('error', () => undefined))
    server.listen({ port: 0, host: ${JSON.stringify(host)}, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      Atomics.wait(workerData, 0, 0)
    })`
  const worker = new Worker(source, { eval: true, workerData: gate })
  const release = (): void => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
  }
  undos.push(async () => {
    release()
    await worker.terminate()
  })
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const fill = Array.from({ length: 4 }, () => net.connect({ host, port }).on('error', () => undefined))
  undos.push(() => fill.forEach((socket) => socket.destroy()))
  await new Promise((resolve) => setTimeout(resolve, 50))
  return { port, release }
}

describe('dial', () => {
  it('keeps waiting for a slow address while the others fail', async () => {
    const slow = await listenDeaf('127.0.0.1')
    const dialled = dial('centre.test', slow.port, options(['127.0.0.1', '127.0.0.2']))
    // Longer than Node's own limit per address.
    setTimeout(slow.release, 600)
    const socket = await dialled
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })

  it('reaches the address that lives although those before it are dead', async () => {
    const dead = await listenDeaf('127.0.0.1')
    const server = await listen('127.0.0.4', dead.port)
    const socket = await dial('centre.test', server, options(['127.0.0.1', '127.0.0.2', '127.0.0.4']))
    expect(socket.remoteAddress).toBe('127.0.0.4')
    socket.destroy()
  })

  it('names each address and what is wrong with it when all fail', async () => {
    const port = await listen('127.0.0.1')
    await undos.pop()?.()
    await expect(dial('centre.test', port, options(['127.0.0.1', '127.0.0.2']))).rejects.toThrow(
      /centre\.test port \d+: 127\.0\.0\.1: .*ECONNREFUSED.*; 127\.0\.0\.2: .*ECONNREFUSED/,
    )
  })

  it('says who did not answer when its time is over', async () => {
    const dead = await listenDeaf('127.0.0.1')
    const giveUp = new AbortController()
    const dialled = dial('centre.test', dead.port, options(['127.0.0.1'], giveUp.signal))
    setTimeout(() => giveUp.abort(new Error('no connection within 15 s')), 20)
    await expect(dialled).rejects.toThrow(/no connection within 15 s \(centre\.test.*127\.0\.0\.1: no answer/)
  })

  it('says that a name is not found, or has no answer', async () => {
    const failing = { ...options([]), resolveName: () => Promise.reject(new Error('getaddrinfo ENOTFOUND')) }
    await expect(dial('nowhere.test', 1, failing)).rejects.toThrow(
      /name nowhere\.test was not found.*ENOTFOUND/,
    )
    await expect(dial('nowhere.test', 1, options([]))).rejects.toThrow(/has no address/)
    const giveUp = new AbortController()
    const silent = {
      ...options([], giveUp.signal),
      resolveName: () => new Promise<string[]>(() => undefined),
    }
    const dialled = dial('nowhere.test', 1, silent)
    giveUp.abort(new Error('too late'))
    await expect(dialled).rejects.toThrow(/too late: no answer to the name/)
  })

  it('tries the families in turn', () => {
    expect(alternateFamilies(['2001:db8::1', '2001:db8::2', '10.0.0.1'])).toEqual([
      '2001:db8::1',
      '10.0.0.1',
      '2001:db8::2',
    ])
    expect(alternateFamilies(['10.0.0.1', '10.0.0.2'])).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  it('dials them in this order, whatever the resolver says', async () => {
    const port = await listen('127.0.0.1')
    await undos.pop()?.()
    const resolved = options(['127.0.0.1', '127.0.0.2', '::1'])
    await expect(dial('centre.test', port, resolved)).rejects.toThrow(
      /127\.0\.0\.1: .*; ::1: .*; 127\.0\.0\.2: /,
    )
  })
})

describe('reasonOf', () => {
  it('is never empty', () => {
    const parts = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ETIMEDOUT 10.0.0.1:1')]
    expect(reasonOf(new AggregateError(parts))).toBe(
      'connect ECONNREFUSED ::1:1; connect ETIMEDOUT 10.0.0.1:1',
    )
    expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET')
    expect(reasonOf(new Error('', { cause: new Error('deep') }))).toBe('deep')
    for (const empty of [undefined, null, '', new Error(''), new AggregateError([])])
      expect(reasonOf(empty)).not.toBe('')
  })
})

describe('openStream', () => {
  const open = (url: string, more: object = {}) =>
    openStream(url, {
      ...options([]),
      signal: AbortSignal.timeout(300),
      settings: uplinkSettingsSchema.parse({ url, ...more }),
      isClockSet: () => true,
      onDateless: () => undefined,
    })

  it('names a black hole when TCP opens and TLS gets no answer', async () => {
    const port = await listen('127.0.0.1')
    await expect(open(`mqtts://127.0.0.1:${port}`)).rejects.toThrow(/MTU.*tcp_mtu_probing/)
  })

  it('says that it is the proxy which can not be reached, or is silent', async () => {
    const silent = await listen('127.0.0.1')
    const free = await listen('127.0.0.1')
    await undos.pop()?.()
    const centre = 'mqtts://centre.test:8883'
    await expect(open(centre, { proxyUrl: `http://127.0.0.1:${free}` })).rejects.toThrow(
      /proxy can not be reached: .*ECONNREFUSED/,
    )
    await expect(open(centre, { proxyUrl: `http://127.0.0.1:${silent}` })).rejects.toThrow(
      /proxy does not open the way: ./,
    )
  })
})

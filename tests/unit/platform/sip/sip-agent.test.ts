// Does a user agent leave a connection that is dead, and a port that is taken, and name the address that it is told to name?
import { createSocket, Socket as UdpSocket } from 'node:dgram'
import { createServer, Socket, type AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { SipAgent, type SipAgentSettings } from '../../../../platform/sip/sip-agent.ts'
import { connectSip, serveSipSocket, SipUdp } from '../../../../platform/sip/sip-links.ts'
import { encodeSip, isRequest, responseTo, type SipMessage } from '../../../../platform/sip/sip-message.ts'
import { SipRegistration } from '../../../../platform/sip/sip-registration.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

const never = new AbortController().signal
const open: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of open.splice(0)) await close()
})

function agentAt(settings: Omit<SipAgentSettings, 'address'>) {
  const clock = new VirtualClock()
  const random = createSystemRandom()
  const onFailed = (error: unknown): void => expect.unreachable(String(error))
  const agent = new SipAgent({
    settings: { ...settings, address: 'a@b' },
    credentials: () => undefined,
    clock,
    random,
    answer: () => undefined,
    onFailed,
  })
  open.push(() => agent.stop())
  return { agent, clock }
}

it('opens another connection when the server has answered no registration on the one before', async () => {
  const sockets: Socket[] = []
  const asked: SipMessage[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    const isDead = sockets.length === 1
    const link = serveSipSocket(socket, {
      onMessage: (message) => {
        asked.push(message)
        if (isRequest(message) && !isDead) link.send(encodeSip(responseTo(message, 200, 'OK', 'x')))
      },
      onNoise: () => undefined,
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(
    () => sockets.forEach((socket) => socket.destroy()),
    () => server.close(),
  )
  const { port } = server.address() as AddressInfo
  const { agent, clock } = agentAt({ server: { host: '127.0.0.1', port }, transport: 'tcp' })
  const registration = new SipRegistration({
    agent,
    uri: 'sip:c@d',
    expiresSeconds: 3600,
    clock,
    onChange: () => undefined,
  })
  const first = registration.ensure(never)
  await vi.waitFor(() => expect(asked).toHaveLength(1), { timeout: 10_000, interval: 5 })
  clock.advance(32_000)
  expect(await first).toBe(false)
  expect(await registration.ensure(never)).toBe(true)
  expect(sockets).toHaveLength(2)
})

it('lets the system probe a silent connection, at both ends', async () => {
  const probes = vi.spyOn(Socket.prototype, 'setKeepAlive')
  const links = { onMessage: () => undefined, onNoise: () => undefined }
  const server = createServer((socket) => serveSipSocket(socket, links))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const { socket } = await connectSip({ host: '127.0.0.1', port }, links, never)
  open.push(() => socket.destroy())
  await vi.waitFor(() => expect(probes.mock.calls).toEqual(Array(2).fill([true, 60_000])), {
    timeout: 10_000,
    interval: 5,
  })
})

it('names the address of a NAT, which is none of this machine', async () => {
  const server = createSocket('udp4')
  open.push(() => server.close())
  const heard = new Promise<string>((resolve) =>
    server.once('message', (bytes) => resolve(bytes.toString('latin1'))),
  )
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  const { port } = server.address()
  const { agent } = agentAt({
    server: { host: '127.0.0.1', port },
    transport: 'udp',
    local: { host: '192.0.2.7' },
  })
  const sent = agent.send({ method: 'REGISTER', uri: 'sip:c@d' }, AbortSignal.timeout(10_000))
  await expect(Promise.race([heard, sent])).resolves.toMatch(/^Contact: <sip:a@192\.0\.2\.7:\d+>/im)
  agent.stop()
  sent.catch(() => undefined)
})

it('closes the socket of a port that is taken, and can start at another', async () => {
  const taken = createSocket('udp4')
  open.push(() => taken.close())
  await new Promise<void>((resolve) => taken.bind(0, '127.0.0.1', resolve))
  const closed = vi.spyOn(UdpSocket.prototype, 'close')
  const udp = new SipUdp({ onMessage: () => undefined, onNoise: () => undefined })
  await expect(udp.start({ host: '127.0.0.1', port: taken.address().port })).rejects.toThrow('EADDRINUSE')
  expect(closed).toHaveBeenCalledTimes(1)
  expect(await udp.start({ host: '127.0.0.1', port: 0 })).toBeGreaterThan(0)
  udp.stop()
})

// A call that we make: acknowledged, hung up by either side, cancelled while it rings, and hung up when it is picked up at that moment.
import { afterEach, expect, it, vi } from 'vitest'
import { SipAgent } from '../../../../platform/sip/sip-agent.ts'
import { SipCall } from '../../../../platform/sip/sip-call.ts'
import { SipUdp } from '../../../../platform/sip/sip-links.ts'
import {
  encodeSip,
  headerOf,
  isRequest,
  responseTo,
  type SipRequest,
} from '../../../../platform/sip/sip-message.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

const random = createSystemRandom()
const soon = { timeout: 10_000, interval: 10 }
const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

/** `answer`: the status for a request, or undefined for none. */
async function callTo(answer: (request: SipRequest) => number | undefined) {
  const got: SipRequest[] = []
  let send: (status: number) => void = () => undefined
  const peer = new SipUdp({
    onNoise: () => undefined,
    onMessage: (message, link) => {
      if (!isRequest(message)) return
      got.push(message)
      const respond = (request: SipRequest, status: number): void =>
        link.send(
          encodeSip(
            responseTo(request, status, 'words', 'peer', [
              ['contact', `<sip:x@127.0.0.1:${link.local.port}>`],
            ]),
          ),
        )
      if (message.method === 'INVITE') send = (status) => respond(message, status)
      const status = answer(message)
      if (status !== undefined && message.method !== 'ACK') respond(message, status)
    },
  })
  const port = await peer.start({ host: '127.0.0.1', port: 0 })
  const ended: string[] = []
  const agent: SipAgent = new SipAgent({
    settings: { server: { host: '127.0.0.1', port }, transport: 'udp', address: 'a@127.0.0.1' },
    credentials: () => undefined,
    clock: createSystemClock(),
    random,
    answer: (request) => call.answer(request),
    onFailed: () => undefined,
    onStray: (response, link) => call.stray(response, link),
  })
  const call: SipCall = new SipCall({
    agent,
    uri: 'sip:x@127.0.0.1',
    sdp: 'v=0\r\n',
    random,
    onKey: (key) => ended.push(key),
    onEnd: () => ended.push('end'),
  })
  open.push(
    () => agent.stop(),
    () => peer.stop(),
  )
  return {
    call,
    got,
    ended,
    respond: (status: number) => send(status),
    methods: () => got.map(({ method }) => method),
  }
}

it('acknowledges a 200 and each repeat of it, and hangs up to the contact of the answer', async () => {
  const { call, got, respond, methods } = await callTo(() => 200)
  expect(await call.place(AbortSignal.timeout(5000))).toMatchObject({ status: 200 })
  respond(200)
  await vi.waitFor(() => expect(methods().filter((one) => one === 'ACK')).toHaveLength(2), soon)
  await call.hangUp()
  const bye = got.find(({ method }) => method === 'BYE')
  expect(bye?.uri).toMatch(/^sip:x@127\.0\.0\.1:\d+$/)
  expect(headerOf(bye ?? { headers: [] }, 'to')).toContain('tag=peer')
})

it('acknowledges a refusal in the transaction of the INVITE', async () => {
  const { call, got } = await callTo(({ method }) => (method === 'INVITE' ? 486 : 200))
  expect(await call.place(AbortSignal.timeout(5000))).toMatchObject({ status: 486 })
  await vi.waitFor(() => expect(got.map(({ method }) => method)).toEqual(['INVITE', 'ACK']), soon)
  expect(headerOf(got[1] ?? { headers: [] }, 'via')).toBe(headerOf(got[0] ?? { headers: [] }, 'via'))
})

it('cancels what rings too long, and hangs up what is picked up at that moment', async () => {
  const { call, respond, methods } = await callTo(({ method }) => (method === 'INVITE' ? 180 : 200))
  await expect(call.place(AbortSignal.timeout(400))).rejects.toThrow('no answer')
  await vi.waitFor(() => expect(methods()).toContain('CANCEL'), soon)
  respond(200)
  await vi.waitFor(() => expect(methods().slice(-2)).toEqual(['ACK', 'BYE']), soon)
})

it('takes the key of an INFO, and the end by the other side', async () => {
  const { call, ended } = await callTo(() => 200)
  await call.place(AbortSignal.timeout(5000))
  const of = (method: string, body = ''): SipRequest => ({
    method,
    uri: 'sip:a@b',
    headers: [['call-id', call.callId]],
    body: Buffer.from(body),
  })
  expect(call.takes(of('INFO'))).toBe(true)
  expect(call.answer(of('INFO', 'Signal=5\r\nDuration=160\r\n'))?.status).toBe(200)
  expect(call.answer(of('BYE'))?.status).toBe(200)
  expect(call.answer(of('REFER'))?.status).toBe(488)
  expect(ended).toEqual(['5', 'end'])
})

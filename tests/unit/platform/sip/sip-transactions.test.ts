// Is each request sent again until its answer, and answered once however often it comes?
import { expect, it } from 'vitest'
import { encodeSip, parseSip, responseTo, type SipRequest } from '../../../../platform/sip/sip-message.ts'
import { SipTransactions, type SipLink } from '../../../../platform/sip/sip-transactions.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const never = new AbortController().signal

function bench(isReliable = false) {
  const clock = new VirtualClock()
  const sent: { atMs: number; bytes: Buffer }[] = []
  const link: SipLink = {
    transport: 'UDP',
    isReliable,
    local: { host: '127.0.0.1', port: 5060 },
    remote: { host: '127.0.0.1', port: 5061 },
    send: (bytes) => sent.push({ atMs: Math.round(clock.monotonicMs()), bytes }),
  }
  let answers = 0
  const transactions = new SipTransactions({
    clock,
    encode: encodeSip,
    answer: (request) =>
      request.method === 'ACK' ? undefined : (answers++, responseTo(request, 200, 'OK', 'tag')),
    onFailed: (error) => expect.unreachable(String(error)),
  })
  return { clock, sent, link, transactions, answers: () => answers }
}

const requestOf = (branch: string, method = 'MESSAGE'): SipRequest => ({
  method,
  uri: 'sip:a@b',
  body: new Uint8Array(),
  headers: [
    ['via', `SIP/2.0/UDP 127.0.0.1:5060;branch=${branch}`],
    ['from', '<sip:a@b>;tag=1'],
    ['to', '<sip:c@d>'],
    ['call-id', 'x'],
    ['cseq', `1 ${method}`],
  ],
})

it('sends again after 0.5, 1.5, 3.5, 7.5 s and then each 4 s, and gives up after 32 s', async () => {
  const { clock, sent, link, transactions } = bench()
  const answer = transactions.request(requestOf('z9hG4bK1'), link, never)
  const failed = answer.catch((error: Error) => error.message)
  clock.advance(40_000)
  expect(await failed).toBe('no answer')
  expect(sent.map(({ atMs }) => atMs)).toEqual([
    0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
  ])
})

it('waits 4 s after a provisional answer, and ends with the final one', async () => {
  const { clock, sent, link, transactions } = bench()
  const request = requestOf('z9hG4bK1')
  const answer = transactions.request(request, link, never)
  transactions.take(responseTo(request, 100, 'Trying', ''), link)
  clock.advance(6000)
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 500, 4500])
  transactions.take(responseTo(request, 404, 'Not Found', 'x'), link)
  expect((await answer).status).toBe(404)
  clock.advance(60_000)
  expect(sent.length).toBe(3)
})

it('sends once on a reliable link', async () => {
  const { clock, sent, link, transactions } = bench(true)
  const failed = transactions
    .request(requestOf('z9hG4bK1'), link, never)
    .catch((error: Error) => error.message)
  clock.advance(33_000)
  expect(await failed).toBe('no answer')
  expect(sent.length).toBe(1)
})

it('takes no answer to another request', async () => {
  const { clock, link, transactions } = bench()
  const failed = transactions
    .request(requestOf('z9hG4bK1'), link, never)
    .catch((error: Error) => error.message)
  transactions.take(responseTo(requestOf('z9hG4bK2'), 200, 'OK', 'x'), link)
  clock.advance(33_000)
  expect(await failed).toBe('no answer')
})

it('answers a request once, and each repeat with the same bytes for 32 s', async () => {
  const { clock, sent, link, transactions, answers } = bench()
  for (let i = 0; i < 3; i++) {
    transactions.take(requestOf('z9hG4bK1'), link)
    await Promise.resolve()
  }
  await Promise.resolve()
  expect(answers()).toBe(1)
  expect(new Set(sent.map(({ bytes }) => bytes.toString())).size).toBe(1)
  clock.advance(33_000)
  transactions.take(requestOf('z9hG4bK1'), link)
  expect(answers()).toBe(2)
  transactions.take(requestOf('z9hG4bK3', 'ACK'), link)
  await Promise.resolve()
  expect(sent.every(({ bytes }) => 'message' in parseSip(bytes))).toBe(true)
})

it('remembers a bounded number of requests', async () => {
  const { sent, link, transactions, answers } = bench()
  for (let i = 0; i < 2500; i++) transactions.take(requestOf(`z9hG4bK${i}`), link)
  await new Promise((resolve) => setImmediate(resolve))
  // 2000 were in work at once; the others are not taken, and their senders send again.
  expect(answers()).toBe(2000)
  transactions.take(requestOf('z9hG4bK2400'), link)
  await new Promise((resolve) => setImmediate(resolve))
  expect(sent.length).toBe(2001)
})

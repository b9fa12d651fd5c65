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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const from = (link: SipLink, host: string): SipLink => ({ ...link, remote: { host, port: 5061 } })

it('remembers a bounded number of requests, of one address and of all', async () => {
  const { sent, link, transactions, answers } = bench()
  for (let i = 0; i < 600; i++) transactions.take(requestOf(`z9hG4bK${i}`), link)
  await turn()
  // 500 were in work at once; the others are not taken, and their senders send again.
  expect(answers()).toBe(500)
  transactions.take(requestOf('z9hG4bK550'), link)
  await turn()
  expect(sent.length).toBe(501)
  for (let i = 0; i < 2500; i++)
    transactions.take(requestOf(`z9hG4bKmany${i}`), from(link, `10.0.0.${i % 250}`))
  await turn()
  // The first of them took the places of those that were answered.
  expect(answers()).toBe(501 + 2000)
})

it('remembers the request of a camera while strangers send many', async () => {
  const { link, transactions, answers } = bench()
  const camera = from(link, '10.1.1.1')
  transactions.take(requestOf('z9hG4bKcamera'), camera)
  await turn()
  for (let i = 0; i < 5000; i++) {
    transactions.take(requestOf(`z9hG4bK${i}`), from(link, `10.0.0.${i % 5}`))
    if (i % 100 === 0) await turn()
  }
  await turn()
  const before = answers()
  transactions.take(requestOf('z9hG4bKcamera'), camera)
  await turn()
  expect(answers()).toBe(before)
})

// Does every message of SIP come through as data, and no byte of a stranger break the parser?
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  encodeSip,
  headerOf,
  headersOf,
  isRequest,
  parseAddress,
  parseSip,
  parseSipUri,
  responseTo,
  sipBytesMax,
  splitList,
  tagOf,
  viaOf,
  type SipMessage,
  type SipRequest,
} from '../../../../platform/sip/sip-message.ts'
import { SipStream } from '../../../../platform/sip/sip-stream.ts'

const lines = (text: string): Buffer => Buffer.from(text.replace(/\n/g, '\r\n'))
const good = (bytes: Uint8Array): SipMessage => {
  const parsed = parseSip(bytes)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.message
}

/** RFC 3261 clause 24.1. */
const register = lines(`REGISTER sip:registrar.biloxi.com SIP/2.0
Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7
Max-Forwards: 70
To: Bob <sip:bob@biloxi.com>
From: Bob <sip:bob@biloxi.com>;tag=456248
Call-ID: 843817637684230@998sdasdh09
CSeq: 1826 REGISTER
Contact: <sip:bob@192.0.2.4>
Expires: 7200
Content-Length: 0

`)

it('reads the registration of RFC 3261 and answers it as the RFC does', () => {
  const request = good(register) as SipRequest
  expect([request.method, request.uri]).toEqual(['REGISTER', 'sip:registrar.biloxi.com'])
  expect(viaOf(request)).toMatchObject({ transport: 'UDP', sentBy: 'bobspc.biloxi.com:5060' })
  const answer = encodeSip(responseTo(request, 200, 'OK', '2493k59kd')).toString()
  expect(answer).toBe(
    lines(`SIP/2.0 200 OK
Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7
From: Bob <sip:bob@biloxi.com>;tag=456248
To: Bob <sip:bob@biloxi.com>;tag=2493k59kd
Call-ID: 843817637684230@998sdasdh09
CSeq: 1826 REGISTER
Content-Length: 0

`).toString(),
  )
})

/** After RFC 4475 clause 3.1.1.1: odd white space, folded lines, short names, quoted commas. */
const tortuous = lines(`MESSAGE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
f: "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: tortuous.0ha0isndaksdj@192.0.2.1
l:         3
cseq: 0009
  MESSAGE
v:  SIP  / 2.0
 / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
s : "a, b" <sip:x@y>

hello`)

it('reads the odd forms that the grammar allows', () => {
  const message = good(tortuous)
  expect(headersOf(message, 'from').length).toBe(1)
  expect(tagOf(headerOf(message, 'from'))).toBe('98asjd8')
  expect(parseAddress(headerOf(message, 'from') ?? '')).toMatchObject({ display: 'J Rosenberg \\"' })
  expect(tagOf(headerOf(message, 'to'))).toBe('1918181833n')
  expect(viaOf(message)).toMatchObject({ transport: 'TCP', host: 'spindle.example.com' })
  expect(viaOf(message)?.parameters.get('branch')).toBe('z9hG4bK9ikj8')
  expect(Buffer.from(message.body).toString()).toBe('hel')
  expect(splitList('"a, b" <sip:x@y>, <sip:c,d@e>;q=1')).toEqual(['"a, b" <sip:x@y>', '<sip:c,d@e>;q=1'])
})

it.each([
  ['without a Via', register.toString().replace(/^Via.*\r\n/m, '')],
  ['with two Call-IDs', register.toString().replace('Call-ID', 'Call-ID: x\r\nCall-ID')],
  ['whose CSeq is of another method', register.toString().replace('1826 REGISTER', '1826 INVITE')],
  ['whose CSeq is out of range', register.toString().replace('1826', '2147483648')],
  ['whose length is more than there is', register.toString().replace('Length: 0', 'Length: 9')],
  ['whose length is negative', register.toString().replace('Length: 0', 'Length: -1')],
  ['of another version', register.toString().replace('SIP/2.0', 'SIP/7.0')],
  ['with 101 headers', register.toString().replace('Expires', `${'x: 1\r\n'.repeat(101)}Expires`)],
  ['with a head of 17 KB', register.toString().replace('7200', '7'.repeat(17_000))],
])('refuses a message %s', (_title, text) => {
  expect(parseSip(Buffer.from(text))).toHaveProperty('problem')
})

it('writes no header of a stranger: a line break in a value is a space', () => {
  const request = good(register) as SipRequest
  const bytes = encodeSip({ ...request, headers: [...request.headers, ['subject', 'a\r\nVia: evil']] })
  expect(headersOf(good(bytes), 'via').length).toBe(1)
})

it('reads addresses', () => {
  expect(parseSipUri('sip:a@[2001:db8::1]:5070;transport=tcp')).toEqual({
    user: 'a',
    host: '2001:db8::1',
    port: 5070,
  })
  expect(parseSipUri('sip:host')).toEqual({ user: '', host: 'host', port: undefined })
  expect(parseSipUri('sip:a@h:99999')).toBeUndefined()
  expect(parseSipUri('tel:112')).toBeUndefined()
  expect(parseAddress('sip:a@h;tag=1')).toMatchObject({ uri: 'sip:a@h' })
})

const token = fc.stringMatching(/^[a-zA-Z0-9]{1,12}$/)
const request = fc
  .record({
    method: fc.constantFrom('MESSAGE', 'REGISTER', 'NOTIFY'),
    user: token,
    branch: token,
    callId: token,
    subject: fc.string({ maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, ' ').trim()),
    body: fc.uint8Array({ maxLength: 200 }),
  })
  .map(({ method, user, branch, callId, subject, body }): SipRequest => ({
    method,
    uri: `sip:${user}@town`,
    body,
    headers: [
      ['via', `SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK${branch}`],
      ['from', `<sip:${user}@a>;tag=${branch}`],
      ['to', '<sip:b@c>'],
      ['call-id', callId],
      ['cseq', `1 ${method}`],
      ['subject', subject],
    ],
  }))

it('reads back what it writes, whole and in a stream that is cut anywhere', () => {
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 50 }),
      (sent, step) => {
        const same = (message: SipMessage): SipRequest => {
          if (!isRequest(message)) throw new Error('a response')
          const headers = message.headers.filter(([name]) => name !== 'content-length')
          return { ...message, headers, body: new Uint8Array(message.body) }
        }
        const all = Buffer.concat(sent.map(encodeSip))
        const stream = new SipStream()
        const cut: SipRequest[] = []
        for (let at = 0; at < all.length; at += step)
          cut.push(...stream.take(all.subarray(at, at + step)).map((bytes) => same(good(bytes))))
        expect(cut).toEqual(sent)
      },
    ),
    { numRuns: 100 },
  )
})

it('reads any bytes, and any change of good ones, without failing', () => {
  const mutated = fc
    .tuple(request.map(encodeSip), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 8 }))
    .map(([bytes, changes]) => {
      const changed = Buffer.from(bytes)
      for (const [at, value] of changes) changed[at % changed.length] = value
      return new Uint8Array(changed)
    })
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      const parsed = parseSip(bytes)
      const message = 'message' in parsed ? parsed.message : undefined
      for (const [, value] of message?.headers ?? []) {
        parseAddress(value)
        splitList(value)
      }
      expect(message === undefined || 'message' in parseSip(encodeSip(message))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('ends a stream without Content-Length, without an end of the head, or of too many bytes', () => {
  const whole = (text: string): string | undefined => {
    const stream = new SipStream()
    stream.take(Buffer.from(text))
    return stream.problem
  }
  expect(whole(`\r\n\r\n${register.toString()}`)).toBeUndefined()
  expect(whole(register.toString().replace(/Content-Length.*\r\n/, ''))).toBe('no Content-Length')
  expect(whole('x'.repeat(20_000))).toBe('a head without an end')
  expect(whole(register.toString().replace('Length: 0', `Length: ${sipBytesMax}`))).toBe('too long')
})

it('takes time that grows with the length only', () => {
  // Each of these made a parser of the usual form try every way to cut it.
  for (const evil of [
    ' '.repeat(60_000),
    ';'.repeat(60_000),
    '"\\'.repeat(30_000),
    '<'.repeat(60_000),
    'a,'.repeat(30_000),
  ]) {
    parseAddress(evil)
    splitList(evil)
    viaOf({ headers: [['via', `SIP/2.0/UDP a${evil}`]] })
    expect(parseSipUri(`sip:${evil}`)).toBeUndefined()
  }
}, 20_000)

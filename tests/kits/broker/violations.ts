// Violations of MQTT 3.1.1, as bytes, with the clause: both the box's broker and the centre's are tried with all of
// them.
let run = 0
const fresh = (): string => `v${++run}`

export const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
export const text = (value: string | Buffer): Buffer => {
  const body = Buffer.from(value as string)
  return Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body])
}
export const frame = (first: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([first, body.length]), body])
}
const connectFrame = (flags: number, ...rest: Buffer[]): Buffer =>
  frame(0x10, text('MQTT'), Buffer.from([4, flags, 0, 60]), ...rest)

const badTexts = [bytes('61 00 62'), bytes('61 eda080'), bytes('61 edbfbf'), bytes('61 ff'), bytes('c0 80')]
const acknowledgements = [0x40, 0x50, 0x62, 0x70]
/** Each closes the connection without an answer. */
export const violations: readonly [name: string, clause: string, packet: Buffer][] = [
  ['a user name without its flag', '3.1.2-18', connectFrame(2, text(fresh()), text('u'))],
  ['a password without its flag', '3.1.2-18', connectFrame(0x82, text(fresh()), text('u'), text('p'))],
  ['a password without a user name', '3.1.2-22', connectFrame(0x42, text(fresh()), text('p'))],
  ['the reserved connect flag', '3.1.2-3', connectFrame(3, text(fresh()))],
  ['a will with QoS 3', '3.1.2-14', connectFrame(0x1e, text(fresh()), text('t'), text('m'))],
  ['QoS of a will that is not sent', '3.1.2-13', connectFrame(0x0a, text(fresh()))],
  ['a CONNECT that ends early', '4.8.0-1', connectFrame(0x82, text(fresh()))],
  ['another protocol name', '3.1.2-1', frame(0x10, text('HTTP'), bytes('04 02 003c'), text('x'))],
  ['an UNSUBSCRIBE without a filter', '3.10.3-2', bytes('a2 02 1234')],
  ['a SUBSCRIBE without a filter', '3.10.3-2', bytes('82 02 1234')],
  ['a SUBSCRIBE without its last QoS', '4.8.0-1', bytes('82 05 1234 0001 61')],
  ['a requested QoS of 3', '3-8.3-4', bytes('82 06 1234 0001 61 03')],
  ['reserved bits of SUBSCRIBE', '2.2.2-2', bytes('80 06 1234 0001 61 00')],
  ['PUBREL with the flags of PUBREC', '2.2.2-2', bytes('60 02 0001')],
  ['PUBLISH with QoS 3', '3.3.1-4', bytes('36 06 0001 61 0001 78')],
  ['PUBLISH with QoS 0 and DUP', '3.3.1-2', bytes('38 04 0001 61 78')],
  ['a packet that only a server sends', '2.2.1', bytes('90 03 0001 00')],
  ['packet type 15', '2.2.1', bytes('f0 00')],
  ['a PINGREQ with a body', '3.4.1', bytes('c0 01 00')],
  ['a length of five bytes', '2.2.3', bytes('40 80 80 80 80 01')],
  ['SUBSCRIBE with id 0', '2.3.1-1', bytes('82 06 0000 0001 61 00')],
  ...badTexts.flatMap((bad): [string, string, Buffer][] => [
    [`UNSUBSCRIBE of ${bad.toString('hex')}`, '1.5.3-1', frame(0xa2, bytes('0007'), text(bad))],
    [`SUBSCRIBE to ${bad.toString('hex')}`, '1.5.3-1', frame(0x82, bytes('0007'), text(bad), bytes('00'))],
    [`user name ${bad.toString('hex')}`, '1.5.3-1', connectFrame(0x82, text(fresh()), text(bad))],
    [`client id ${bad.toString('hex')}`, '1.5.3-1', connectFrame(2, text(bad))],
  ]),
  ...acknowledgements.flatMap((first): [string, string, Buffer][] => [
    ...['', '01', '000100'].map((body): [string, string, Buffer] => [
      `${first.toString(16)} with ${body.length / 2} bytes`,
      '3.4.1',
      frame(first, bytes(body)),
    ]),
    [`${first.toString(16)} for id 0`, '2.3.1-1', frame(first, bytes('0000'))],
  ]),
]

/** Each is answered with CONNACK 1. */
export const otherVersions: readonly [name: string, cause: string, packet: Buffer][] = [
  ['MQTT 5', 'mqtt-5', frame(0x10, text('MQTT'), bytes('05 02 003c 00'), text('five'))],
  ['level 6', 'unknown-version', frame(0x10, text('MQTT'), bytes('06 02 003c'), text('six'))],
  ['level 2 of MQIsdp', 'unknown-version', frame(0x10, text('MQIsdp'), bytes('02 02 003c'), text('two'))],
]

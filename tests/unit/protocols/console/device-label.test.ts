// Codes on devices: what an installer's phone reads becomes an address or an id, and never a surprise.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  credentialText,
  deviceLabelText,
  parseDeviceLabel,
} from '../../../../protocols/console/device-label.ts'

it.each([
  [
    'LW:D0:0102030405060708:A84041FFFF1234AB:00010002',
    { address: 'a84041ffff1234ab', technology: 'lorawan' },
  ],
  ['G$M:123$Z:00158D0001ABCD01$I:0123456789ABCDEF', { address: '0x00158d0001abcd01', technology: 'zigbee' }],
  ['0x00158d0001abcd01', { address: '0x00158d0001abcd01', technology: 'zigbee' }],
  ['A8:40:41:12:34:56', { address: 'a84041123456' }],
  ['button-7', { id: 'button-7' }],
  ['gengfu:door-1?kind=contact&name=%E5%89%8D%E9%97%A8', { id: 'door-1', kind: 'contact', name: '前门' }],
])('reads %s', (text, label) => {
  expect(parseDeviceLabel(text)).toEqual({ ok: true, value: label })
})

it('reads its own labels back, refuses the rest, and never throws', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$/),
      fc.string({ maxLength: 40, unit: 'grapheme' }),
      (id, name) => {
        const read = parseDeviceLabel(
          deviceLabelText({ id, kind: 'button', ...(name.trim() === name && name !== '' ? { name } : {}) }),
        )
        return read.ok && read.value.id === id
      },
    ),
  )
  fc.assert(fc.property(fc.string(), (text) => typeof parseDeviceLabel(text).ok === 'boolean'))
  for (const wrong of ['', 'https://evil.example', 'gengfu:a b', 'gengfu:x?name=%E0%A4%A'])
    expect(parseDeviceLabel(wrong).ok).toBe(false)
})

it('puts into the credential what a device needs to connect', () => {
  expect(
    JSON.parse(credentialText({ host: 'h', port: 1, isTls: true }, { device: 'd', password: 'p' })),
  ).toEqual({
    host: 'h',
    port: 1,
    tls: true,
    user: 'd',
    password: 'p',
  })
})

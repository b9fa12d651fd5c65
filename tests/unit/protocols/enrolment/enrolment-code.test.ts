// Is a code read as a person types it, and is a slip of the finger found before anything is sent?
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import {
  createEnrolmentCode,
  enrolmentUrl,
  parseEnrolmentCode,
  parseEnrolmentUrl,
} from '../../../../protocols/enrolment/enrolment-code.ts'

const codes = Array.from({ length: 200 }, () => createEnrolmentCode(randomBytes(8)))

it('has 12 characters without look-alikes and one that checks them', () => {
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]$/)
  expect(new Set(codes).size).toBe(codes.length)
})

it('uses 60 bits', () => {
  expect(createEnrolmentCode(new Uint8Array(8).fill(255))).toBe('ZZZZ-ZZZZ-ZZZZ-C')
  expect(createEnrolmentCode(new Uint8Array(8))).toBe('0000-0000-0000-0')
})

it('is read without dashes, in small letters, with blanks and with look-alikes', () => {
  for (const code of codes) {
    const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
    expect(parseEnrolmentCode(typed)).toEqual({ ok: true, value: code })
  }
})

it('with any one character wrong is refused', () => {
  const [code = ''] = codes
  for (let i = 0; i < code.length; i++) {
    if (code[i] === '-') continue
    for (const other of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
      if (other === code[i]) continue
      expect(parseEnrolmentCode(code.slice(0, i) + other + code.slice(i + 1)).ok).toBe(false)
    }
  }
})

it('says what is wrong with it', () => {
  expect(parseEnrolmentCode('1234')).toMatchObject({ problems: [{ message: '13 characters, got 4' }] })
  expect(parseEnrolmentCode('0000-0000-0000-U')).toMatchObject({ ok: false })
})

it('stands in the fragment of an address, beside the hash of the authority', () => {
  const link = { centre: 'https://town.example/desk', code: codes[0] ?? '', authority: 'ab'.repeat(32) }
  expect(parseEnrolmentUrl(` ${enrolmentUrl(link)}\n`)).toEqual({ ok: true, value: link })
  for (const other of ['', 'https://town.example/e', `https://town.example/e#${link.code}`, 'javascript:1'])
    expect(parseEnrolmentUrl(other).ok).toBe(false)
})

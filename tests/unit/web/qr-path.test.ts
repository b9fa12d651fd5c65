// The QR code of a second factor: its squares stand where a phone looks for them, and the text decides all others.
import { expect, test } from 'vitest'
import { qrPath, qrTextCharsMax } from '../../../web/shared/qr-path.ts'

const uri = 'otpauth://totp/Gengfu:li?secret=JBSWY3DPEHPK3PXP&issuer=Gengfu'

/** The squares of the path as rows of a picture. */
function squaresOf(text: string): boolean[][] {
  const { side, d } = qrPath(text) ?? { side: 0, d: '' }
  const rows = Array.from({ length: side }, () => Array.from({ length: side }, () => false))
  for (const [, x, y] of d.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    const row = rows[Number(y as string)]
    if (row) row[Number(x as string)] = true
  }
  return rows
}

/** A finder pattern: a ring of seven squares around a block of three. */
const finder = (x: number, y: number): boolean => Math.max(Math.abs(x - 3), Math.abs(y - 3)) !== 2

test('has the three finder patterns inside a light border of four squares', () => {
  const rows = squaresOf(uri)
  const last = rows.length - 4 - 7
  for (const [left, top] of [[4, 4] as const, [last, 4] as const, [4, last] as const])
    for (let y = 0; y < 7; y++)
      for (let x = 0; x < 7; x++) expect(rows[top + y]?.[left + x]).toBe(finder(x, y))
  for (const row of [...rows.slice(0, 4), ...rows.slice(-4)]) expect(row).not.toContain(true)
})

test('another secret gives other squares', () => {
  expect(squaresOf(uri)).not.toEqual(squaresOf(uri.replace('JBSW', 'JBSX')))
})

test('gives no code for an empty text or one that a phone could not read', () => {
  expect(qrPath('')).toBeUndefined()
  expect(qrPath('a'.repeat(qrTextCharsMax + 1))).toBeUndefined()
})

// Can a text of a device, a camera or a file control the terminal that shows it?
import { PassThrough } from 'node:stream'
import { pino } from 'pino'
import { afterEach, expect, it, vi } from 'vitest'
import { escapeHidden, print, printJson, printProblem, printProgress } from '../../../platform/terminal.ts'
import { printable } from '../../../protocols/domain/plain-text.ts'

/** Sets a title, clears a line, returns to its start, hides text, reverses its order, and a C1 control sequence. */
const hostile =
  '\u001b]0;PWNED\u0007\u001b[2K\r✓ all good\u001b[8m \u009b31m \u202e bidi \u2066 \u200b \ufeff \u007f \ud800'
// Space, line feed, and visible characters.
const steering = /[^\n\P{C}]/u

afterEach(() => void vi.restoreAllMocks())

function written(stream: NodeJS.WriteStream, write: () => void): string {
  let text = ''
  vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  write()
  vi.restoreAllMocks()
  return text
}

it('shows what hides or steers as dots, and leaves line breaks, Chinese and signs alone', () => {
  for (const text of [
    written(process.stdout, () => print(`${hostile}\n`)),
    written(process.stderr, () => printProblem(`${hostile}\n`)),
    written(process.stdout, () => printProgress(hostile)),
  ]) {
    expect(text).not.toMatch(steering)
    expect(text).toContain('✓ all good.[8m')
    expect(text.endsWith('\n')).toBe(true)
  }
  const plain = '✗ 摄像机 camera 1\n  ok: 5 °C, é 👍\n'
  expect(written(process.stdout, () => print(plain))).toBe(plain)
})

it('keeps the meaning of JSON, and its line free of all that steers', () => {
  const line = written(process.stdout, () => printJson({ [hostile]: hostile }))
  expect(line).not.toMatch(steering)
  expect(JSON.parse(line)).toEqual({ [hostile]: hostile })
})

it('escapes the lines of a log', () => {
  const stream = new PassThrough()
  pino({ hooks: { streamWrite: escapeHidden } }, stream).warn({ device: hostile }, 'refused a device')
  const line = String(stream.read())
  expect(line).not.toMatch(steering)
  expect(JSON.parse(line)).toMatchObject({ device: hostile })
})

it('quotes the beginning of a text on one line', () => {
  expect(printable(hostile, 12)).toBe('.]0;PWNED..[')
  expect(printable('一'.repeat(200))).toHaveLength(80)
})

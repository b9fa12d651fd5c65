// Lines of a stream are bounded: however the bytes come, a line is whole, or reported as too long.
import { expect, test } from 'vitest'
import { boundedLines } from '../../../../gateway/cli/bounded-lines.ts'

async function linesOf(chunks: readonly string[], bytesMax = 8): Promise<(string | undefined)[]> {
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk, 'latin1'))
  }
  const lines: (string | undefined)[] = []
  for await (const line of boundedLines(input(), bytesMax)) lines.push(line)
  return lines
}

test('gives lines over the borders of chunks, with either line end, and the last one without', async () => {
  expect(await linesOf(['ab\ncd', 'ef\r\n\ng', 'h\r'])).toEqual(['ab', 'cdef', '', 'gh'])
})

test('gives undefined for a line that is too long, however many chunks it has, and reads the next one', async () => {
  expect(
    await linesOf(['12345678\n123456789\nx', ...Array.from({ length: 50 }, () => 'yyyy'), '\nz']),
  ).toEqual(['12345678', undefined, undefined, 'z'])
  expect(await linesOf(['123456789'])).toEqual([undefined])
})

test('joins a letter whose bytes come in two chunks, and drops a byte order mark', async () => {
  expect(await linesOf(['\xef\xbb\xbf\xe6', '\x9d\x91\n'])).toEqual(['村'])
})

// Lines of a stream with a largest size: a file without line ends, or an endless one, takes no more memory than one line.

const newline = 0x0a

/** Each line without its end; undefined for a longer one, whose bytes are dropped as they come. */
export async function* boundedLines(
  input: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<string | undefined> {
  // Also drops a byte order mark, which editors put at the beginning of a file.
  const decoder = new TextDecoder()
  let parts: Uint8Array[] = []
  let size = 0
  const take = (part: Uint8Array): void => {
    size += part.length
    if (size > bytesMax) parts = []
    else parts.push(part)
  }
  const end = (): string | undefined => {
    const line = size > bytesMax ? undefined : decoder.decode(Buffer.concat(parts))
    parts = []
    size = 0
    return line?.endsWith('\r') ? line.slice(0, -1) : line
  }
  for await (const chunk of input) {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      take(chunk.subarray(from, at))
      yield end()
      from = at + 1
    }
    if (from < chunk.length) take(chunk.subarray(from))
  }
  if (size > 0) yield end()
}

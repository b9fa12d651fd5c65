// Small text files as one tar archive (POSIX ustar), so that any machine opens it.

export interface TarEntry {
  /** At most 100 bytes, without a folder above. */
  name: string
  content: Uint8Array
}

const blockBytes = 512

function header(name: string, bytes: number, atMs: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, length: number): string =>
    `${Math.floor(value)
      .toString(8)
      .padStart(length - 1, '0')}\0`
  block.write(name, 0, 100, 'utf8')
  block.write(octal(0o600, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(bytes, 12), 124)
  block.write(octal(Math.max(0, atMs / 1000), 12), 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

export function tarOf(entries: readonly TarEntry[], atMs: number): Buffer {
  const blocks = entries.flatMap(({ name, content }) => {
    if (Buffer.byteLength(name) > 100) throw new Error('a name in an archive is too long')
    const rest = (blockBytes - (content.length % blockBytes)) % blockBytes
    return [header(name, content.length, atMs), Buffer.from(content), Buffer.alloc(rest)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

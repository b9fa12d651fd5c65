// Names a picture format that is not supported by its first bytes, so that a person knows what to change in the camera.

const kinds: [name: string, at: number, bytes: string][] = [
  ['PNG', 0, '\x89PNG'],
  ['GIF', 0, 'GIF8'],
  ['WebP', 8, 'WEBP'],
  ['JPEG 2000', 4, 'jP  '],
  ['JPEG 2000', 0, '\xffO\xffQ'],
  ['AVIF', 8, 'avif'],
  ['HEIC', 8, 'heic'],
  ['HEIC', 8, 'heix'],
  ['HEIC', 8, 'mif1'],
  ['JPEG XL', 0, '\xff\x0a'],
  ['BMP', 0, 'BM'],
]

export function pictureKindOf(body: Uint8Array): string | undefined {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(16, body.length)).toString('latin1')
  return kinds.find(([, at, bytes]) => head.startsWith(bytes, at))?.[0]
}

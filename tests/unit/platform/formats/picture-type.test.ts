// A picture is known by its first bytes, and what could have a script in it is none.
import { expect, it } from 'vitest'
import { pictureTypeOf } from '../../../../platform/formats/picture-type.ts'

it.each([
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff, 0xe0]],
  ['image/webp', [...Buffer.from('RIFF....WEBP')]],
  [undefined, [...Buffer.from('RIFF....WAVE')]],
  [undefined, [...Buffer.from('<svg onload="x"/>')]],
  [undefined, [...Buffer.from('GIF89a')]],
  [undefined, [0x89, 0x50]],
  [undefined, []],
])('is %s for its first bytes', (type, bytes) => {
  expect(pictureTypeOf(Uint8Array.from(bytes))).toBe(type)
})

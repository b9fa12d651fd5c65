// Is a picture recognised as complete by its markers alone, also while it arrives byte by byte and when it is cut?
import { describe, expect, it } from 'vitest'
import { FirstJpeg } from '../../../../platform/jpeg/first-jpeg.ts'
import { readJpegFrame, readJpegHead } from '../../../../platform/jpeg/jpeg-frame.ts'
import { toCoefficients } from '../../../../platform/jpeg/jpeg-planes.ts'
import { writeJpeg } from '../../../../platform/jpeg/write-jpeg.ts'

const [width, height] = [24, 16]
const samples = Uint8Array.from({ length: width * height }, (_, at) => (at * 37) % 256)
const picture = Buffer.from(
  writeJpeg(toCoefficients({ width, height, planes: [{ h: 1, v: 1, width, height, samples }] }, 90)),
)
/** An APP1 segment that contains a whole other picture, as cameras write thumbnails. */
const thumbnail = Buffer.concat([
  picture.subarray(0, 2),
  Buffer.from([0xff, 0xe1, (picture.length + 2) >> 8, (picture.length + 2) & 0xff]),
  picture,
  picture.subarray(2),
])

describe('the frame', () => {
  it('has the size, whatever padding follows the end', () => {
    for (const bytes of [picture, thumbnail, Buffer.concat([picture, Buffer.alloc(64)])])
      expect(readJpegFrame(bytes)).toEqual({ width, height })
    expect(readJpegHead(picture)).toMatchObject({ width, height, bits: 8, process: 0xc0, orientation: 1 })
  })

  it('is missing in a picture that was cut anywhere, and in other bytes', () => {
    for (let length = 0; length < picture.length - 1; length++)
      expect(readJpegFrame(picture.subarray(0, length))).toBeUndefined()
    expect(readJpegFrame(Buffer.from('GIF89a'))).toBeUndefined()
    expect(readJpegHead(Buffer.alloc(0))).toBeUndefined()
  })
})

describe('the first picture in a stream', () => {
  it('ends where it ends, byte by byte, behind other bytes, and not at the end of its thumbnail', () => {
    const before = Buffer.from('--boundary\r\n\r\n\xff', 'latin1')
    for (const one of [picture, thumbnail]) {
      const bytes = Buffer.concat([before, one, picture])
      const first = new FirstJpeg()
      let end: number | undefined
      let length = 0
      while (end === undefined && length < bytes.length) end = first.end(bytes.subarray(0, ++length))
      expect([first.start, end, length]).toEqual([
        before.length,
        before.length + one.length,
        before.length + one.length,
      ])
    }
  })

  it('never ends in a damaged one', () => {
    const damaged = Buffer.concat([
      picture.subarray(0, 2),
      Buffer.from([0xff, 0xe0, 0, 1]),
      picture.subarray(2),
    ])
    expect(new FirstJpeg().end(damaged)).toBeUndefined()
    expect(new FirstJpeg().end(Buffer.from('no picture'))).toBeUndefined()
  })
})

// Unusual kinds of picture, complete and masked: is everything in its place, is nothing left under a mask, also in the
// preview, and does ffmpeg stay inside the memory of a small box?
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { exif, pictureHabits } from '../../../firmware-sim/camera/habits/picture-habits.ts'
import { workPicture, type Polygon } from '../../../gateway/cameras/pictures/picture-work.ts'
import { Ffmpeg } from '../../../gateway/cameras/talk/stream/ffmpeg-run.ts'
import { toBaseline } from '../../../gateway/cameras/talk/stream/rtsp-frame.ts'
import { toCoefficients, toPlanes, type Plane } from '../../../platform/jpeg/jpeg-planes.ts'
import { parseJpeg } from '../../../platform/jpeg/parse-jpeg.ts'
import { writeJpeg } from '../../../platform/jpeg/write-jpeg.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'

const ffmpeg = new Ffmpeg({ clock: createSystemClock() })
const limits = { deadlineMs: 120_000, signal: new AbortController().signal }

type Corner = 'top left' | 'top right' | 'bottom right' | 'bottom left'
const corners: Corner[] = ['top left', 'top right', 'bottom right', 'bottom left']
const quarters: Record<Corner, [left: number, top: number]> = {
  'top left': [0, 0],
  'top right': [0.5, 0],
  'bottom right': [0.5, 0.5],
  'bottom left': [0, 0.5],
}

/** White at the top left, light at the top right, dark below; with noise, so that its preview is a separate picture. */
function draw(width: number, height: number, isGray = false): Buffer {
  const light = (x: number, y: number): number => (y >= height / 2 ? 60 : x < width / 2 ? 220 : 150)
  const plane = (of: (x: number, y: number) => number): Plane => ({
    h: 1,
    v: 1,
    width,
    height,
    samples: Uint8Array.from({ length: width * height }, (_, i) => of(i % width, Math.floor(i / width))),
  })
  const luma = plane((x, y) => light(x, y) + (((x * 7919 + y * 104_729) >>> 3) & 31) - 15)
  const colour = plane(() => 128)
  const planes = isGray ? [luma] : [luma, colour, colour]
  return Buffer.from(writeJpeg(toCoefficients({ width, height, planes }, 85)))
}

async function plain(picture: Buffer): Promise<Buffer> {
  const known = workPicture(picture, [])
  if (known.ok) return picture
  expect(known.code).toMatch(/^(not-baseline|too-many-pixels)$/)
  return toBaseline(ffmpeg, picture, limits)
}

/** The mean light of each quarter, away from its edges; and the extremes of every plane in the first of them. */
function lightOf(bytes: Uint8Array): Record<Corner, { mean: number; max: number; colours: number[] }> {
  const parsed = parseJpeg(bytes)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const { planes } = toPlanes(parsed.value, 8)
  const eachOf = (
    { width, height, samples }: Plane,
    corner: Corner,
    look: (sample: number) => void,
  ): void => {
    const [left, top] = quarters[corner]
    for (let y = Math.ceil((top + 0.02) * height); y < (top + 0.48) * height; y++)
      for (let x = Math.ceil((left + 0.02) * width); x < (left + 0.48) * width; x++)
        look(samples[y * width + x] ?? 0)
  }
  const of = (corner: Corner): { mean: number; max: number; colours: number[] } => {
    const [luma, ...others] = planes
    let [sum, count, max] = [0, 0, 0]
    const colours = new Set<number>()
    if (luma)
      eachOf(luma, corner, (sample) => {
        sum += sample
        count++
        if (sample > max) max = sample
      })
    for (const plane of others) eachOf(plane, corner, (sample) => void colours.add(Math.abs(sample - 128)))
    return { mean: sum / count, max, colours: [...colours] }
  }
  return Object.fromEntries(corners.map((corner) => [corner, of(corner)])) as ReturnType<typeof lightOf>
}

const habit = (name: string): ((picture: Buffer) => Buffer) => {
  const found = pictureHabits.find((one) => one.name === name)
  if (!found) throw new Error(name)
  return found.make
}
const ordinary = draw(320, 256)
const turned = (orientation: number): Buffer =>
  Buffer.concat([ordinary.subarray(0, 2), exif(orientation), ordinary.subarray(2)])
/** 96 x 64, made by ImageMagick: no encoder of ours writes these. */
const made = {
  progressive:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCABAAGADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAUG/8QAFAEBAAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEAMQAAAB0IAAIoAALQAAIoAAIYAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAGD/2gAIAQEAAQUCQf/EABQRAQAAAAAAAAAAAAAAAAAAAED/2gAIAQMBAT8BR//EABQRAQAAAAAAAAAAAAAAAAAAAED/2gAIAQIBAT8BR//EABQQAQAAAAAAAAAAAAAAAAAAAGD/2gAIAQEABj8CQf/EABQQAQAAAAAAAAAAAAAAAAAAAGD/2gAIAQEAAT8hQf/aAAwDAQACAAMAAAAQAAAAAAAAAAAAAAAAAAAAAAAA/8QAFBEBAAAAAAAAAAAAAAAAAAAAQP/aAAgBAwEBPxBH/8QAFBEBAAAAAAAAAAAAAAAAAAAAQP/aAAgBAgEBPxBH/8QAFBABAAAAAAAAAAAAAAAAAAAAYP/aAAgBAQABPxBB/9k=',
  cmyk: '/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/9sAQwEREhIYFRgvGhovY0I4QmNjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj/8AAFAgAQABgBAEiAAIRAQMRAQQiAP/EABYAAQEBAAAAAAAAAAAAAAAAAAAGB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAAAAAAAAAAAAAA/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAA4EAQACEQMRBAAAPwDPwAWwAAAAAAAAAJQAAAAAAAAAFWAAAAAAAAACUAAAAAAAAABJAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA//2Q==',
  progressiveGray:
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wgALCABAAGABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAAAAUG/9oACAEBAAAAAdCCKC0CKC0CKC0CKCGAAAAAAAD/xAAUEAEAAAAAAAAAAAAAAAAAAABg/9oACAEBAAEFAkH/xAAUEAEAAAAAAAAAAAAAAAAAAABg/9oACAEBAAY/AkH/xAAUEAEAAAAAAAAAAAAAAAAAAABg/9oACAEBAAE/IUH/2gAIAQEAAAAQAAAAAAAAAAAAAAAA/8QAFBABAAAAAAAAAAAAAAAAAAAAYP/aAAgBAQABPxBB/9k=',
}

const odd: [name: string, picture: Buffer, white: Corner, light: Corner][] = [
  ['ordinary', ordinary, 'top left', 'top right'],
  ['gray', draw(320, 256, true), 'top left', 'top right'],
  ['without Huffman tables', habit('no-huffman-tables')(ordinary), 'top left', 'top right'],
  ['without an end', habit('no-end-marker')(ordinary), 'top left', 'top right'],
  ['larger than 3840 x 2160', draw(4112, 2064), 'top left', 'top right'],
  ['progressive', Buffer.from(made.progressive, 'base64'), 'top left', 'top right'],
  ['progressive and gray', Buffer.from(made.progressiveGray, 'base64'), 'top left', 'top right'],
  ['CMYK', Buffer.from(made.cmyk, 'base64'), 'top left', 'top right'],
  ['EXIF 2', turned(2), 'top right', 'top left'],
  ['EXIF 3', turned(3), 'bottom right', 'bottom left'],
  ['EXIF 4', turned(4), 'bottom left', 'bottom right'],
  ['EXIF 5', turned(5), 'top left', 'bottom left'],
  ['EXIF 6', turned(6), 'top right', 'bottom right'],
  ['EXIF 7', turned(7), 'bottom right', 'top right'],
  ['EXIF 8', turned(8), 'bottom left', 'top left'],
]

describe.each(odd)('a picture that is %s', (_, picture, white, light) => {
  it('shows everything where it is, and nothing under a mask, in full and in its preview', async () => {
    const bytes = await plain(picture)
    const open = workPicture(bytes, [])
    if (!open.ok) throw new Error(open.code)
    for (const form of [open.picture.full, open.picture.preview.bytes]) {
      const found = lightOf(form)
      expect(found[white].mean).toBeGreaterThan(205)
      expect(Math.abs(found[light].mean - 150)).toBeLessThan(12)
      for (const corner of corners.filter((one) => one !== white && one !== light))
        expect(found[corner].mean).toBeLessThan(80)
    }
    const [left, top] = quarters[white]
    const mask: Polygon = [
      [left + 0.01, top + 0.01],
      [left + 0.49, top + 0.01],
      [left + 0.49, top + 0.49],
      [left + 0.01, top + 0.49],
    ]
    const masked = workPicture(bytes, [mask])
    if (!masked.ok) throw new Error(masked.code)
    for (const form of [masked.picture.full, masked.picture.preview.bytes]) {
      const found = lightOf(form)
      expect(found[white].max).toBeLessThan(32)
      expect(found[white].colours.every((colour) => colour <= 2)).toBe(true)
      expect(Math.abs(found[light].mean - 150)).toBeLessThan(12)
      // Nor anything that the camera wrote around the picture, which may contain a thumbnail.
      expect(Buffer.from(form).includes('Exif')).toBe(false)
    }
  })
})

it('stored as red, green and blue becomes one whose light and masks are right', async () => {
  // All of it gray, so that each of the three equals the luma.
  const parsed = parseJpeg(ordinary)
  if (!parsed.ok) throw new Error('drawn wrong')
  const { planes, width, height } = toPlanes(parsed.value, 8)
  const [luma] = planes
  if (!luma) throw new Error('drawn wrong')
  const rgb = habit('rgb')(
    Buffer.from(writeJpeg(toCoefficients({ width, height, planes: [luma, luma, luma] }, 85))),
  )
  const bytes = await plain(rgb)
  const found = lightOf(bytes)
  expect(found['top left'].mean).toBeGreaterThan(205)
  expect(found['bottom right'].mean).toBeLessThan(80)
  const masked = workPicture(bytes, [
    [
      [0, 0],
      [0.5, 0],
      [0.5, 0.5],
      [0, 0.5],
    ],
  ])
  if (!masked.ok) throw new Error(masked.code)
  for (const form of [masked.picture.full, masked.picture.preview.bytes])
    expect(lightOf(form)['top left'].max).toBeLessThan(32)
})

describe('ffmpeg', () => {
  it('reduces 33 megapixels within the memory that it is given', async () => {
    const made = spawnSync(
      'ffmpeg',
      '-v error -f lavfi -i color=gray:s=7680x4320 -frames:v 1 -threads 1 -c:v mjpeg -f image2pipe pipe:1'.split(
        ' ',
      ),
      { maxBuffer: 32 * 1024 * 1024 },
    ).stdout
    const reduced = parseJpeg(await toBaseline(ffmpeg, made, limits))
    expect(reduced).toMatchObject({ ok: true, value: { width: 3840, height: 2160 } })
    // Beyond that a person gets the reason.
    const larger = Buffer.from(made)
    larger.writeUInt16BE(9000, larger.indexOf(Buffer.from([0xff, 0xc0])) + 7)
    await expect(toBaseline(ffmpeg, larger, limits)).rejects.toMatchObject({ code: 'picture-too-large' })
  })

  it.each([
    ['of twelve bits', 4, 12, 'JPEG c0, 12 bit'],
    ['with arithmetic coding', 1, 0xc9, 'JPEG c9, 8 bit'],
  ])(
    'is not asked for a picture %s: it would make a gray area of it, or nothing',
    async (_, at, value, detail) => {
      const picture = Buffer.from(ordinary)
      picture[picture.indexOf(Buffer.from([0xff, 0xc0])) + at] = value
      expect(workPicture(picture, [])).toEqual({ ok: false, code: 'not-baseline' })
      await expect(toBaseline(ffmpeg, picture, limits)).rejects.toMatchObject({
        code: 'picture-kind',
        detail,
      })
    },
  )
})

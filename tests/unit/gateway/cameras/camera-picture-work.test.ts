// Processing of pictures, compared with an encoder and a decoder that are not ours.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import {
  burnMasks,
  previewBytesMax,
  workPicture,
  type Polygon,
} from '../../../../gateway/cameras/pictures/picture-work.ts'
import { toPlanes } from '../../../../platform/jpeg/jpeg-planes.ts'
import { notBaseline, parseJpeg } from '../../../../platform/jpeg/parse-jpeg.ts'
import { writeJpeg } from '../../../../platform/jpeg/write-jpeg.ts'

/** A picture made by an encoder that is not ours. */
function ffmpegPicture(source: string, ...parameters: string[]): Buffer {
  const run = spawnSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      '-frames:v',
      '1',
      ...parameters,
      '-c:v',
      'mjpeg',
      '-f',
      'image2pipe',
      'pipe:1',
    ],
    { maxBuffer: 32 * 1024 * 1024 },
  )
  expect(run.stderr.toString()).toBe('')
  return run.stdout
}

/** Raw samples as ffmpeg decodes them. */
function decoded(jpeg: Uint8Array, format: string): Buffer {
  const run = spawnSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-xerror',
      '-f',
      'jpeg_pipe',
      '-i',
      'pipe:0',
      '-pix_fmt',
      format,
      '-f',
      'rawvideo',
      'pipe:1',
    ],
    { input: jpeg, maxBuffer: 64 * 1024 * 1024 },
  )
  expect(run.stderr.toString()).toBe('')
  return run.stdout
}

describe('JPEG, against an encoder and decoder that are not ours', () => {
  for (const [source, format] of [
    ['testsrc=s=640x360', 'yuvj420p'],
    ['mandelbrot=s=321x243', 'yuvj422p'],
    ['testsrc2=s=200x100', 'yuvj444p'],
    ['testsrc=s=97x61', 'gray'],
  ] as const) {
    it(`takes ${format} apart and puts it together without changing a sample`, () => {
      const original = ffmpegPicture(source, '-pix_fmt', format, '-q:v', '3')
      const parsed = parseJpeg(original)
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
      const again = writeJpeg(parsed.value)
      expect(decoded(again, format).equals(decoded(original, format))).toBe(true)
    })
  }

  it('refuses every cut of a picture, and says what a progressive one is', () => {
    const original = ffmpegPicture('testsrc=s=320x240', '-pix_fmt', 'yuvj420p')
    for (let length = 0; length < original.length - 2; length += 97) {
      expect(parseJpeg(original.subarray(0, length)).ok).toBe(false)
    }
    const progressive = Buffer.from(original)
    progressive[progressive.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc2
    expect(parseJpeg(progressive)).toMatchObject({ problems: [{ message: notBaseline }] })
  })
})

describe('privacy masks', () => {
  const triangle: Polygon = [
    [0.1, 0.1],
    [0.6, 0.15],
    [0.3, 0.8],
  ]

  it('leave nothing of what they cover and everything of what they do not touch', () => {
    const original = ffmpegPicture('testsrc2=s=640x352', '-pix_fmt', 'yuvj420p', '-q:v', '3')
    const result = workPicture(original, [triangle])
    if (!result.ok) throw new Error(result.code)
    const before = decoded(original, 'yuvj420p')
    const after = decoded(result.picture.full, 'yuvj420p')
    let covered = 0
    const wrong: number[][] = []
    for (let y = 0; y < 352; y++) {
      for (let x = 0; x < 640; x++) {
        const sample = after[y * 640 + x] ?? 0
        const isInside = [
          [0, 1],
          [1, 2],
          [2, 0],
        ].every(([a = 0, b = 0]) => {
          const [ax, ay] = triangle[a] ?? [0, 0]
          const [bx, by] = triangle[b] ?? [0, 0]
          return (bx - ax) * ((y + 0.5) / 352 - ay) - (by - ay) * ((x + 0.5) / 640 - ax) >= 0
        })
        if (isInside) {
          covered++
          if (Math.abs(sample - 16) > 2) wrong.push([x, y, sample])
        }
        // More than a block away from the polygon's box nothing may have changed.
        const isFar = x < 640 * 0.1 - 16 || x > 640 * 0.6 + 16 || y < 352 * 0.1 - 16 || y > 352 * 0.8 + 16
        if (isFar && sample !== before[y * 640 + x]) wrong.push([x, y, sample])
      }
    }
    expect(wrong).toEqual([])
    expect(covered).toBeGreaterThan(20_000)
  })

  it('cover a block that a polygon smaller than it lies in, and one that lies wholly inside', () => {
    const parsed = parseJpeg(ffmpegPicture('testsrc2=s=64x64', '-pix_fmt', 'gray'))
    if (!parsed.ok) throw new Error('no picture')
    const tiny: Polygon = [
      [0.51, 0.51],
      [0.52, 0.51],
      [0.52, 0.52],
    ]
    const before = parsed.value.components[0]?.coefficients.slice()
    burnMasks(parsed.value, [tiny])
    const after = parsed.value.components[0]?.coefficients
    const changed = [...Array(64).keys()].filter((block) =>
      after?.subarray(block * 64, block * 64 + 64).some((value, i) => value !== before?.[block * 64 + i]),
    )
    expect(changed).toEqual([4 * 8 + 4])
    burnMasks(parsed.value, [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
    ])
    expect(toPlanes(parsed.value, 8).planes[0]?.samples.every((sample) => sample < 20)).toBe(true)
  })

  it('are gone from the preview as well, and no metadata of the camera survives them', () => {
    const original = ffmpegPicture('testsrc2=s=640x352', '-pix_fmt', 'yuvj420p')
    const comment = Buffer.from('secret place')
    const tagged = Buffer.concat([
      original.subarray(0, 2),
      Buffer.from([0xff, 0xfe, 0, comment.length + 2]),
      comment,
      original.subarray(2),
    ])
    const result = workPicture(tagged, [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
    ])
    if (!result.ok) throw new Error(result.code)
    expect(Buffer.from(result.picture.full).includes(comment)).toBe(false)
    const preview = decoded(result.picture.preview.bytes, 'gray')
    expect(preview.every((sample) => sample < 32)).toBe(true)
    const open = workPicture(tagged, [])
    if (!open.ok) throw new Error(open.code)
    expect(decoded(open.picture.preview.bytes, 'gray').some((sample) => sample > 200)).toBe(true)
  })
})

describe('previews', () => {
  for (const size of ['64x48', '640x360', '1920x1080', '3840x2160']) {
    it(`of pure noise at ${size} stay below 20 KB`, () => {
      const noise = ffmpegPicture(
        `nullsrc=s=${size},geq=random(1)*255:128:128`,
        '-pix_fmt',
        'yuvj420p',
        '-q:v',
        '2',
      )
      const result = workPicture(noise, [])
      if (!result.ok) throw new Error(result.code)
      expect(result.picture.preview.bytes.length).toBeLessThanOrEqual(previewBytesMax)
      expect(parseJpeg(result.picture.preview.bytes).ok).toBe(true)
    }, 60_000)
  }

  it('measure light: dark, covered and ordinary pictures differ', () => {
    const light = (source: string): { mean: number; spread: number } => {
      const result = workPicture(ffmpegPicture(source, '-pix_fmt', 'yuvj420p'), [])
      if (!result.ok) throw new Error(result.code)
      return result.picture.light
    }
    expect(light('color=black:s=320x240').mean).toBeLessThan(2)
    expect(light('color=gray:s=320x240').spread).toBeLessThan(1)
    expect(light('testsrc=s=320x240').spread).toBeGreaterThan(20)
  })
})

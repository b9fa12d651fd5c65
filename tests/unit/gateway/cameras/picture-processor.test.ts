// Does a picture that can not be used fail with its reason, and harm no other, also when its thread hangs or was stopped?
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PictureProcessor } from '../../../../gateway/cameras/pictures/picture-processor.ts'
import { toCoefficients, type Plane } from '../../../../platform/jpeg/jpeg-planes.ts'
import { writeJpeg } from '../../../../platform/jpeg/write-jpeg.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const never = new AbortController().signal
const gray = (light: number): Uint8Array => {
  const plane = (): Plane => ({
    h: 1,
    v: 1,
    width: 32,
    height: 32,
    samples: new Uint8Array(1024).fill(light),
  })
  return writeJpeg(toCoefficients({ width: 32, height: 32, planes: [plane()] }, 85))
}
let clock: VirtualClock
let troubles: Error[]
let converted: number
let processor: PictureProcessor
beforeEach(() => {
  clock = new VirtualClock()
  troubles = []
  converted = 0
  processor = new PictureProcessor({
    clock,
    toBaseline: () => {
      converted++
      return Promise.resolve(gray(90))
    },
    onTrouble: (error) => void troubles.push(error),
  })
})
afterEach(() => processor.stop())

/** The same picture, said to be progressive. */
function progressive(): Uint8Array {
  const bytes = Buffer.from(gray(90))
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  bytes[at + 1] = 0xc2
  return bytes
}

it('hands back the picture in both sizes, with its hashes and its light', async () => {
  const finished = await processor.process(gray(90), [], never)
  expect(finished).toMatchObject({ full: { width: 32, height: 32 }, preview: { width: 32 } })
  expect(finished.full.sha256).toMatch(/^[0-9a-f]{64}$/)
  expect(Math.round(finished.light.mean)).toBe(90)
  expect(converted).toBe(0)
})

it('converts a kind that it does not read once, and then works it', async () => {
  expect(await processor.process(progressive(), [], never)).toMatchObject({ ok: true })
  expect(converted).toBe(1)
})

it.each([
  ['a page', Buffer.from('<html></html>'), 'not-a-picture'],
  ['half a picture', gray(90).subarray(0, 200), 'broken-picture'],
])('refuses %s with its reason, and works the next one', async (_name, bytes, code) => {
  await expect(processor.process(bytes, [], never)).rejects.toMatchObject({ code })
  expect(await processor.process(gray(40), [], never)).toMatchObject({ ok: true })
})

it('gives up the pictures of a thread that does not answer in time, and starts another one', async () => {
  processor.start()
  const hung = processor.process(gray(90), [], never)
  await Promise.resolve()
  clock.advance(30_000)
  await expect(hung).rejects.toMatchObject({ code: 'work-failed' })
  expect(await processor.process(gray(90), [], never)).toMatchObject({ ok: true })
  expect(troubles).toEqual([])
})

it('refuses what waits when it is stopped', async () => {
  const waiting = processor.process(gray(90), [], never)
  const [outcome] = await Promise.allSettled([waiting, processor.stop()])
  expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'stopped' } })
  expect(processor.waiting).toBe(0)
})

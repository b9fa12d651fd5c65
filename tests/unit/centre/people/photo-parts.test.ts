// Photos that come in pieces.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PhotoParts, partsMax, partsPerLinkMax } from '../../../../centre/people/photo-parts.ts'

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251)

it('is whole whatever pieces come twice, and says from where to go on', () => {
  const isWhole = () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 90 }),
        fc.infiniteStream(fc.boolean()),
        (total, size, again) => {
          const parts = new PhotoParts()
          const photo = bytesOf(total)
          const repeats = again[Symbol.iterator]()
          let storedTo = 0
          for (let sent = 0; sent < 2000; sent++) {
            const end = Math.min(total, storedTo + size)
            const piece = { offset: storedTo, total, bytes: photo.subarray(storedTo, end) }
            const got = parts.add('link', 'photo', piece)
            // The answer was lost: the piece comes again.
            const isRepeated = repeats.next().value === true && got.whole === undefined
            if (isRepeated && parts.add('link', 'photo', piece).storedTo !== got.storedTo) return false
            storedTo = got.storedTo
            if (got.whole) return Buffer.compare(got.whole, photo) === 0
          }
          return false
        },
      ),
      { numRuns: 50 },
    )
  expect(isWhole).not.toThrow()
})

it('takes no piece behind a gap, after a restart, or beyond the length that was said', () => {
  const parts = new PhotoParts()
  expect(parts.add('link', 'p', { offset: 10, total: 20, bytes: bytesOf(5) })).toEqual({ storedTo: 0 })
  expect(parts.add('link', 'p', { offset: 0, total: 20, bytes: bytesOf(5) })).toEqual({ storedTo: 5 })
  expect(parts.add('link', 'p', { offset: 10, total: 20, bytes: bytesOf(5) })).toEqual({ storedTo: 5 })
  expect(parts.add('link', 'p', { offset: 5, total: 20, bytes: bytesOf(16) })).toEqual({ storedTo: 5 })
})

it('keeps some photos of one link and some of all, the newest', () => {
  const parts = new PhotoParts()
  const begin = (link: string, id: string) => parts.add(link, id, { offset: 0, total: 10, bytes: bytesOf(5) })
  const goOn = (link: string, id: string) =>
    parts.add(link, id, { offset: 5, total: 10, bytes: bytesOf(1) }).storedTo
  for (let i = 0; i <= partsPerLinkMax; i++) begin('one', `p${i}`)
  expect([goOn('one', 'p0'), goOn('one', 'p1')]).toEqual([0, 6])
  for (let i = 0; i < partsMax; i++) begin(`link${i}`, 'p')
  expect([goOn('one', 'p1'), goOn('link0', 'p')]).toEqual([0, 6])
})

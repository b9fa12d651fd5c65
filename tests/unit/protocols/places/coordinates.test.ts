// Positions between the coordinate systems of Chinese maps: known points of the published transformations, there and back.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  coordinateSystems,
  fromWgs84,
  positionOnPlan,
  toWgs84,
  type CoordinateSystem,
} from '../../../../protocols/domain/places/coordinates.ts'

const square = { lat: 39.915, lon: 116.404 }

test.each<[CoordinateSystem, { lat: number; lon: number }]>([
  ['wgs-84', square],
  ['cgcs2000', square],
  // The values that other implementations of the transformation print for this point in Beijing.
  ['gcj-02', { lat: 39.91640428150164, lon: 116.41024449916938 }],
  ['bd-09', { lat: 39.92273, lon: 116.41662724 }],
])('moves a point in Beijing to where a map of %s shows it', (system, there) => {
  const found = fromWgs84(square, system)
  const digits = system === 'bd-09' ? 4 : 9
  expect(found.lat).toBeCloseTo(there.lat, digits)
  expect(found.lon).toBeCloseTo(there.lon, digits)
})

test("Baidu's shift over GCJ-02 is the published one", () => {
  // gcj02 (116.404, 39.915) is bd09 (116.41036949371029, 39.92133699351021).
  const wgs = toWgs84(square, 'gcj-02')
  const found = fromWgs84(wgs, 'bd-09')
  expect(found.lon).toBeCloseTo(116.41036949371029, 8)
  expect(found.lat).toBeCloseTo(39.92133699351021, 8)
})

test('comes back to within a centimetre, in every system and anywhere in China', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...coordinateSystems),
      fc.double({ min: 20, max: 50, noNaN: true }),
      fc.double({ min: 75, max: 130, noNaN: true }),
      (system, lat, lon) => {
        const back = toWgs84(fromWgs84({ lat, lon }, system), system)
        expect(Math.abs(back.lat - lat)).toBeLessThan(1e-7)
        expect(Math.abs(back.lon - lon)).toBeLessThan(1e-7)
      },
    ),
  )
})

test('is some hundred metres in China, and nothing outside', () => {
  const moved = fromWgs84({ lat: 32.01, lon: 120.86 }, 'gcj-02')
  const metres = Math.hypot((moved.lat - 32.01) * 111_000, (moved.lon - 120.86) * 94_000)
  expect(metres).toBeGreaterThan(200)
  expect(metres).toBeLessThan(800)
  for (const system of coordinateSystems)
    expect(fromWgs84({ lat: 51.5, lon: -0.12 }, system)).toEqual({ lat: 51.5, lon: -0.12 })
})

test('a place on a plan is between its corners', () => {
  const corners = { north: 32.02, south: 32.0, west: 120.8, east: 120.84 }
  expect(positionOnPlan(corners, { x: 0, y: 0 })).toEqual({ lat: 32.02, lon: 120.8 })
  const middle = positionOnPlan(corners, { x: 0.5, y: 0.25 })
  expect(middle.lat).toBeCloseTo(32.015, 9)
  expect(middle.lon).toBeCloseTo(120.82, 9)
})

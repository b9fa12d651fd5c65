// Question: is a box that sends from two places in turns detected, and an honest one that moves, renews or flaps not
// reported?
import { expect, test } from 'vitest'
import { calmMs, returnsOfAddresses, TwoPlaces, watchedMax } from '../../../../centre/villages/two-places.ts'
import type { BoxPlace } from '../../../../centre/villages/two-places.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const [home, away] = ['10.0.0.1', '10.9.9.9'].map((address) => ({ address, certificate: 'aa' })) as [
  BoxPlace,
  BoxPlace,
]
const copied: BoxPlace = { address: home.address, certificate: 'bb' }

function watch() {
  const clock = new VirtualClock()
  const said: (readonly BoxPlace[] | undefined)[] = []
  const places = new TwoPlaces({ clock, onChange: (_box, both) => said.push(both) })
  places.start()
  const turns = (count: number, one: BoxPlace, other: BoxPlace, everyMs: number): void => {
    for (let turn = 0; turn < count; turn++) {
      places.spoke('box-a', turn % 2 === 0 ? one : other)
      clock.advance(everyMs)
    }
  }
  return { clock, said, places, turns }
}

test('two certificates in turns are reported once, with both places, and the report ends when it stops', () => {
  const { clock, said, turns } = watch()
  turns(20, home, copied, 10_000)
  expect(said).toEqual([[home, copied]])
  clock.advance(calmMs)
  expect(said).toEqual([[home, copied], undefined])
})

test('two addresses in turns are reported', () => {
  const { said, turns } = watch()
  turns(returnsOfAddresses + 2, home, away, 30_000)
  expect(said).toHaveLength(1)
})

test.each([
  ['moves to another address', 2, home, away, 1000],
  ['renews its certificate', 2, home, copied, 1000],
  ['tries its new certificate and goes back', 3, home, copied, 1000],
  ['has a second line that takes over now and then', 200, home, away, 150_000],
  ['has one place', 1000, home, home, 1000],
])('a box that %s is left alone', (_name, count, one, other, everyMs) => {
  const { said, turns } = watch()
  turns(count, one, other, everyMs)
  expect(said).toEqual([])
})

test('ever new addresses are no second place', () => {
  const { places, said } = watch()
  for (let at = 0; at < 100; at++) places.spoke('box-a', { ...home, address: `10.1.1.${at}` })
  expect(said).toEqual([])
})

test('what stood when the centre stopped ends after its time', () => {
  const { clock, said, places } = watch()
  places.remember('box-a')
  places.spoke('box-a', home)
  clock.advance(calmMs - 10_000)
  expect(said).toEqual([])
  clock.advance(20_000)
  expect(said).toEqual([undefined])
})

test('beyond its maximum the one known longest is forgotten, and its alarm ends', () => {
  const { said, places, turns } = watch()
  turns(20, home, copied, 1000)
  for (let at = 0; at < watchedMax; at++) places.spoke(`box-${at}`, home)
  expect(said).toEqual([[home, copied], undefined])
})

// Which of several centres a box tries: spread over equal ones, in order with a reserve.
import { expect, test } from 'vitest'
import { uplinkSettingsSchema } from '../../../../../gateway/config/uplink-settings.ts'
import { CentreAddresses } from '../../../../../gateway/uplink/connect/centre-addresses.ts'
import { createSeededRandom } from '../../../../../protocols/kit/random.ts'

const urls = ['a', 'b', 'c'].map((name) => `mqtts://${name}.town:8883`)
const settings = (section: object) => uplinkSettingsSchema.parse(section)
const tried = (addresses: CentreAddresses, attempts: number): string[] =>
  Array.from({ length: attempts }, () => {
    const { current } = addresses
    addresses.ended(false)
    return current
  })

test('boxes spread over equal centres, and each tries all of them before one again', () => {
  const first = new Map<string, number>()
  for (let seed = 0; seed < 300; seed++) {
    const order = tried(new CentreAddresses(settings({ urls }), createSeededRandom(seed)), 6)
    expect(order.slice(0, 3).toSorted()).toEqual(urls)
    expect(order.slice(3)).toEqual(order.slice(0, 3))
    first.set(order[0] ?? '', (first.get(order[0] ?? '') ?? 0) + 1)
  }
  for (const url of urls) expect(first.get(url)).toBeGreaterThan(70)
})

test('an equal centre is left when a connection ends that has worked; a first address is tried first again', () => {
  const equal = new CentreAddresses(settings({ urls }), createSeededRandom(1))
  const before = equal.current
  equal.ended(true)
  expect(equal.current).not.toBe(before)
  const [url = '', reserveUrl = ''] = urls
  const single = new CentreAddresses(settings({ url, reserveUrl }), createSeededRandom(1))
  expect(tried(single, 5)).toEqual([url, url, reserveUrl, reserveUrl, url])
  single.ended(true)
  expect(single.current).toBe(url)
})

test('either url or urls, each address once, and a reserve beside url only', () => {
  const [url, other] = urls
  const problems = (section: object): string[] =>
    uplinkSettingsSchema.safeParse(section).error?.issues.map(({ path }) => path.join('.')) ?? []
  expect(problems({ urls })).toEqual([])
  expect(settings({ urls }).url).toBe(url)
  expect(problems({})).toEqual(['url'])
  expect(problems({ url, urls })).toEqual(['url'])
  expect(problems({ urls, reserveUrl: other })).toEqual(['reserveUrl'])
  expect(problems({ urls: [url, url] })).toEqual(['urls'])
  expect(problems({ urls: ['mqtt://centre.town:1883'] })).toEqual(['urls.0'])
})

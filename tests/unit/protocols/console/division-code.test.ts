// A village's division code: digits as people type them, a province that exists, and no code of a whole county or town.
import { expect, it } from 'vitest'
import { parseVillageCode, provinceOf } from '../../../../protocols/console/division-code.ts'

it('reads codes as they are typed, and names their province', () => {
  for (const typed of ['320612104201', ' 320612 104 201 ', '３２０６１２１０４２０１', '320612-104-201'])
    expect(parseVillageCode(typed)).toEqual({ ok: true, value: '320612104201' })
  expect(provinceOf('320612104201')).toEqual({ zh: '江苏省', en: 'Jiangsu' })
})

it.each([
  ['32061210420', 'twelve'],
  ['3206121042O1', 'twelve'],
  ['990612104201', 'no province 99'],
  ['320012104201', 'city'],
  ['320600104201', 'county'],
  ['320612000201', 'town'],
  ['320612104000', 'village'],
])('refuses %s', (typed, words) => {
  const message = expect.stringContaining(words) as string
  expect(parseVillageCode(typed)).toMatchObject({ ok: false, problems: [{ path: 'code', message }] })
})

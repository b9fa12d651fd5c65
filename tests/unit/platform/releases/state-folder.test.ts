// Does the program write its notes about a version where the release script of the package reads them?
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { products } from '../../../../deploy/package/debian-package.ts'
import { stateFolder } from '../../../../platform/releases/state-folder.ts'

const unitOf = (program: string): string => {
  const [folder, unit] =
    program === 'gateway' ? ['box', 'gengfu-gateway.service'] : ['centre', 'gengfu-centre.service']
  return readFileSync(new URL(`../../../../deploy/${folder}/${unit}`, import.meta.url), 'utf8')
}

it.each(products)(
  'is the data folder of the package $name, also where its unit has several state folders',
  (product) => {
    const names = [...unitOf(product.program).matchAll(/^StateDirectory=(.+)$/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    )
    // systemd sorts them.
    const listed = names
      .map((name) => `/var/lib/${name}`)
      .toSorted()
      .join(':')
    expect(names.length).toBeGreaterThan(0)
    expect(stateFolder({ STATE_DIRECTORY: listed }, '/srv/other')).toBe(product.data)
  },
)

it('is the configured folder without systemd', () => {
  expect(stateFolder({}, '/srv/data')).toBe('/srv/data')
  expect(stateFolder({ STATE_DIRECTORY: '' }, '/srv/data')).toBe('/srv/data')
})

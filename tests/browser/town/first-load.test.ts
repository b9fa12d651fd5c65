// Question: does the queue load without the map, the curves and the administration, in less than 150 KB compressed?
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { pageFolder } from '../pages.ts'

const firstLoadBytesMax = 150_000

test('the first load of the queue is small, and what is behind it comes when it is opened', () => {
  const folder = pageFolder('desk')
  const page = readFileSync(join(folder, 'index.html'), 'utf8')
  const first = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file = '']) => file)
  expect(first.length).toBeGreaterThan(3)
  const bytes = first.reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, file))).length, 0)
  expect(bytes).toBeLessThan(firstLoadBytesMax)
  const text = first.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  expect(text).not.toContain('leaflet-')
  expect(text).not.toContain('uplot')
  const later = readdirSync(join(folder, 'assets')).map((file) => file.replace(/-[\w-]{8}\.\w+$/, ''))
  for (const part of [
    'map-page',
    'tile-layer',
    'water-curve',
    'search-page',
    'watch-page',
    'wall-page',
    'admin-page',
  ])
    expect(later).toContain(part)
})

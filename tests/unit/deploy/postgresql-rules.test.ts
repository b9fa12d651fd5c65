// The rules for centres over PostgreSQL ask for metrics that centres register; those of one centre over SQLite are checked live.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../..')

it('names only metrics that a centre registers, and texts in both languages', () => {
  const centre = readdirSync(join(root, 'centre'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, 'centre', file), 'utf8'))
    .join('\n')
  const text = readFileSync(join(root, 'deploy/monitoring/alerts-postgresql.yml'), 'utf8')
  const names = [...new Set(text.match(/\bgengfu_centre_[a-z_]+/g))]
  expect(names.filter((name) => !centre.includes(`name: '${name}'`))).toEqual([])
  expect(names.length).toBeGreaterThan(1)
  const { groups } = parse(text) as { groups: { rules: { annotations: { summary: string } }[] }[] }
  const summaries = groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations.summary))
  expect(summaries.filter((one) => !/[a-z] .*\p{Script=Han}/u.test(one))).toEqual([])
})

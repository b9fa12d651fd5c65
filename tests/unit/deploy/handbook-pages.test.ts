// The handbook: does each page say what it is for, end with what to do when it does not work, and exist in both languages in the list?
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commandKinds } from '../../../protocols/uplink/command.ts'

const docs = fileURLToPath(new URL('../../../docs', import.meta.url))
const read = (name: string): string => readFileSync(join(docs, name), 'utf8')
const pages = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md')
const english = pages.filter((name) => !name.endsWith('.zh.md'))

/** Pages for people who do something with them; the others are tables that programs write, or specifications. */
const guides = ['faq', 'updates', 'privacy', 'running-a-county', 'threats', 'troubleshooting']

it('has each page in both languages and in its list', () => {
  const list = read('README.md')
  // A table that a program writes, with both languages in one page.
  const isOnePage = (name: string): boolean => name === 'config-keys.md'
  for (const name of english.filter((one) => !isOnePage(one))) {
    const other = name.replace('.md', '.zh.md')
    expect(pages).toContain(other)
    expect(list).toContain(`](${name})`)
  }
})

it.each(guides)('%s begins with what it is for and ends with what to do when it does not work', (name) => {
  expect(read(`${name}.md`).split('\n')[4]).toMatch(/^For /)
  expect(read(`${name}.zh.md`).split('\n')[4]).toMatch(/^供/)
  expect(read(`${name}.md`)).toContain(`](${name}.zh.md)`)
  expect(read(`${name}.zh.md`)).toContain(`](${name}.md)`)
  const lastHeading = (text: string): string => text.split(/^## /m).at(-1)?.split('\n')[0] ?? ''
  expect(lastHeading(read(`${name}.md`))).toMatch(/^When /)
  expect(lastHeading(read(`${name}.zh.md`))).toMatch(/时$/)
})

it('names every command of the centre that a box may allow', () => {
  for (const kind of commandKinds) expect(read('installing-a-box.md')).toContain(kind)
})

it('says in both languages what each metric of the programs is', () => {
  const root = join(docs, '..')
  const found = execFileSync(
    'git',
    ['grep', '-ohE', "'gengfu_[a-z_]+'", '--', 'gateway', 'centre', 'platform'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  // The names of the desk's cookies.
  const names = new Set(
    found
      .replaceAll("'", '')
      .split('\n')
      .filter((name) => !/^(|gengfu_oidc|gengfu_session)$/.test(name)),
  )
  expect(names.size).toBeGreaterThan(40)
  for (const page of ['health-and-metrics.md', 'health-and-metrics.zh.md']) {
    const text = read(page)
    expect([...names].filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  }
})

it('names every route of a release and of commands where a person looks for it', () => {
  for (const page of ['updates.md', 'updates.zh.md'])
    for (const name of [
      '/api/v1/updates',
      '/api/v1/updates/hold',
      'gengfu update check',
      'gengfu centre update offer',
    ])
      expect(read(page)).toContain(name)
})

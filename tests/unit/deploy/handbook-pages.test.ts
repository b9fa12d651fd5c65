// The handbook: does each page say what it is for, end with what to do when it does not work, and exist in both languages in the list?
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commandKinds } from '../../../protocols/uplink/command.ts'

const docs = fileURLToPath(new URL('../../../docs', import.meta.url))
const read = (name: string): string => readFileSync(join(docs, name), 'utf8')
const pages = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md')
const english = pages.filter((name) => !name.endsWith('.zh.md'))

/** Tables that programs write, which other pages lead to. */
const tables = ['alarm-kinds', 'cameras-that-were-tried', 'config-keys', 'devices-covered']
const guides = english.map((name) => name.replace('.md', '')).filter((name) => !tables.includes(name))

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
  expect(read(`${name}.zh.md`).split('\n')[4]).toMatch(/^(供|写给)/)
  expect(read(`${name}.md`)).toContain(`](${name}.zh.md)`)
  expect(read(`${name}.zh.md`)).toContain(`](${name}.md)`)
  const lastHeading = (text: string): string => text.split(/^## /m).at(-1)?.split('\n')[0] ?? ''
  expect(lastHeading(read(`${name}.md`))).toMatch(/^When /)
  expect(lastHeading(read(`${name}.zh.md`))).toMatch(/时$/)
})

it('shows pictures of the pages in the language of the text, and keeps them small', () => {
  const pictures = readdirSync(join(docs, 'pictures'))
  const shown = pages.flatMap((page) =>
    [...read(page).matchAll(/!\[.+?\]\(pictures\/(.+?)\)/g)].map(([, name = '']) => ({ page, name })),
  )
  expect([...new Set(shown.map(({ name }) => name))].toSorted()).toEqual(pictures.toSorted())
  for (const { page, name } of shown)
    expect(name).toMatch(page.endsWith('.zh.md') ? /\.zh\.png$/ : /\.en\.png$/)
  const sizes = pictures.map((name) => statSync(join(docs, 'pictures', name)).size)
  expect(Math.max(...sizes)).toBeLessThan(100_000)
})

it('names only metrics that its page about metrics has, which is held to running programs', () => {
  const names = (page: string): string[] =>
    [...read(page).matchAll(/\bgengfu_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))
  const known = new Set(names('health-and-metrics.md'))
  expect(pages.flatMap(names).filter((name) => !known.has(name))).toEqual([])
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

// The handbook: does each page say what it is for, end with what to do when it does not work, and exist in both languages in the list?
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
const guides = ['faq', 'privacy', 'running-a-county', 'threats', 'troubleshooting']

it('has each page in both languages and in its list', () => {
  const list = read('README.md')
  for (const name of english) {
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

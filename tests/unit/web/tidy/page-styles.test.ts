// Question: does each page of the desk bring the styles of its classes, so that it looks the same when it is opened first?
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'web'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n')
const text = new Map(
  files
    .filter((file) => /\.(ts|vue|css)$/.test(file))
    .map((file) => [file, readFileSync(`${root}/${file}`, 'utf8')]),
)

const importsOf = (file: string, pattern: RegExp): string[] =>
  [...(text.get(file) ?? '').matchAll(pattern)]
    .map(([, target = '']) => posix.join(posix.dirname(file), target))
    .filter((target) => text.has(target))
/** Loaded together with the file. */
const direct = (file: string): string[] =>
  importsOf(file, /(?:^|\n)\s*(?:import|export)\b(?! type)[^'"]*?['"](\.[^'"]+)['"]/g)
/** Loaded when they are opened. */
const lazy = (file: string): string[] => importsOf(file, /import\(\s*['"]([^'"]+)['"]\s*\)/g)

function loadedWith(entry: string): Set<string> {
  const seen = new Set<string>()
  const goOn = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    direct(file).forEach(goOn)
  }
  goOn(entry)
  return seen
}

/** The classes of each selector of a style sheet; a selector without a class is for the whole desk. */
function selectorsOf(css: string): { selector: string; classes: string[] }[] {
  const content = (text.get(css) ?? '').replace(/\/\*[\s\S]*?\*\//g, '')
  return [...content.matchAll(/(?:^|[{}])([^{}@]+)(?=\{)/g)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((selector) => selector.trim())
      .map((selector) => ({
        selector,
        classes: [...selector.matchAll(/\.([a-zA-Z][\w-]*)/g)].map(([, name = '']) => name),
      }))
      .filter(({ classes }) => classes.length > 0),
  )
}

/** Classes that a template names: plain ones, and the texts of bound ones. */
function usedIn(file: string): string[] {
  const template = (text.get(file) ?? '').split('<template>').slice(1).join('<template>')
  const plain = [...template.matchAll(/\sclass="([^"]*)"/g)].flatMap(([, names = '']) => names.split(/\s+/))
  const bound = [...template.matchAll(/\s:class="([^"]*)"/g)].flatMap(([, code = '']) =>
    [...code.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name),
  )
  return [...plain, ...bound].filter((name) => name !== '')
}

const first = loadedWith('web/desk/main.ts')
/** Each page that is loaded when it is opened, with what is loaded before it. */
const pages = [...text.keys()]
  .filter((file) => file.startsWith('web/desk/'))
  .flatMap((file) => lazy(file).map((page) => ({ page, from: file })))
  .filter(({ page }) => page.endsWith('.vue'))

const ofDesk = [
  ...new Set([first, ...pages.map(({ page }) => loadedWith(page))].flatMap((loaded) => [...loaded])),
].filter((file) => file.endsWith('.css'))

/** Rules that would change the page once another page has been opened. */
function strangers(entry: string, before: ReadonlySet<string>): string[] {
  const own = loadedWith(entry)
  const loaded = new Set([...before, ...own])
  const used = new Set([...own].filter((file) => file.endsWith('.vue')).flatMap(usedIn))
  return ofDesk
    .filter((css) => !loaded.has(css))
    .flatMap((css) =>
      selectorsOf(css)
        .filter(({ classes }) => classes.every((name) => used.has(name)))
        .map(({ selector }) => `${css} ${selector}`),
    )
}

test('reads pages, selectors and classes', () => {
  expect(pages.map(({ page }) => page)).toContain('web/desk/fleet/fleet-page.vue')
  expect(pages.length).toBeGreaterThan(12)
  expect(selectorsOf('web/desk/people/people.css').map(({ selector }) => selector)).toContain('.people-page')
  expect(strangers('web/desk/fleet/fleet-page.vue', new Set())).toContain('web/desk/queue/queue.css .count')
})

test.each(pages)('$page brings the styles of its classes', ({ page, from }) => {
  const before = first.has(from) ? first : new Set([...first, ...loadedWith(from)])
  expect(strangers(page, before)).toEqual([])
})

test('what is loaded first needs no style of a later page', () => {
  expect(strangers('web/desk/main.ts', first)).toEqual([])
})

// Question: does a text with a number have a form for one: "1 alarm waits", "2 alarms wait"?
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { faultText } from '../../../../protocols/health/faults.ts'
import { fillText } from '../../../../protocols/health/fill-text.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const sources = execFileSync('git', ['ls-files', 'web', 'protocols/health', 'protocols/desk'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.(ts|vue)$/.test(file))

/** A number's place, and up to six words behind it of which one is a plural: a noun with s, or its verb. */
const counted =
  /\{(?!(?:n|name|who|time|age|colour|version|percent|leaving|entering|routine)\})\w+\}\)?((?: [a-z-]+){1,6})/gi
const plural = /^(?:[a-z]{3,}[^s'\W]s|are|were|wait|want|have|change|they)$/
/** Words that end in s and are no plural. */
const singular = new Set(['this', 'was', 'has', 'its', 'is', 'waits', 'towards', 'days'])

function withoutSingular(text: string): boolean {
  return [...text.matchAll(counted)].some(([, behind = '']) =>
    behind
      .trim()
      .split(' ')
      .some((word) => plural.test(word) && !singular.has(word)),
  )
}
const english = (content: string): string[] =>
  [...content.matchAll(/(['"])((?:\\.|(?!\1).)*\{\w+\}(?:\\.|(?!\1).)*)\1/g)].map(([, , text = '']) => text)

test('puts in values and the form of a word for one and for many', () => {
  const text = '▲ {count} red {count|alarm waits|alarms wait}'
  expect(fillText(text, { count: 1 })).toBe('▲ 1 red alarm waits')
  expect(fillText(text, { count: '2' })).toBe('▲ 2 red alarms wait')
  expect(fillText(text, { count: 0 })).toBe('▲ 0 red alarms wait')
  expect(fillText('{a} {toString} {b|one|many}', { a: '{count}' })).toBe('{count} {toString} {b|one|many}')
  const fault = faultText({ code: 'devices-unheard', facts: { count: 1, devices: 'button-1' } })
  expect(fault.problem.en).toBe('1 device was not heard since the start: button-1')
})

test('every English text with a number and a plural has a form for one', () => {
  expect(withoutSingular('{count} red alarms wait')).toBe(true)
  expect(withoutSingular('and {count} want attention')).toBe(true)
  expect(withoutSingular('{count} red {count|alarm waits|alarms wait}')).toBe(false)
  const texts = sources.flatMap((file) =>
    english(readFileSync(`${root}/${file}`, 'utf8')).map((text) => ({ file, text })),
  )
  expect(texts.length).toBeGreaterThan(150)
  expect(
    texts.filter(({ text }) => withoutSingular(text)).map(({ file, text }) => `${file}: ${text}`),
  ).toEqual([])
})

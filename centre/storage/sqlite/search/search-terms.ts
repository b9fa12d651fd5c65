// The terms of the search index: words of letters and digits, and every pair of neighbouring Chinese characters, since Chinese is written without
// spaces. Pure.

const runs = /\p{Script=Han}+|[\p{L}\p{N}]+?(?=\p{Script=Han}|[^\p{L}\p{N}]|$)/gu
const isHan = /^\p{Script=Han}/u
/** Words of one search; the rest is not looked at. */
const wordsMax = 8

function pairs(run: string): string[] {
  const characters = Array.from(run)
  if (characters.length === 1) return characters
  return characters.slice(1).map((character, i) => `${characters[i] ?? ''}${character}`)
}

const runsOf = (text: string): string[] => text.normalize('NFKC').toLowerCase().match(runs) ?? []

const termsOf = (text: string): string[] =>
  runsOf(text).flatMap((run) => (isHan.test(run) ? pairs(run) : [run]))

/** The last character of each Chinese run begins no pair: it stands alone behind the text, so that a search for it finds it. */
function indexedTerms(text: string): string[] {
  const terms: string[] = []
  const lasts: string[] = []
  for (const run of runsOf(text))
    if (isHan.test(run)) {
      terms.push(...pairs(run))
      lasts.push(Array.from(run).at(-1) ?? '')
    } else terms.push(run)
  return [...terms, ...lasts]
}

/** Text in the form of the index. */
export const indexText = (parts: readonly (string | undefined)[]): string =>
  parts
    .filter((part) => part !== undefined)
    .map((part) => indexedTerms(part).join(' '))
    .join(' ')

/** Terms that must follow each other; the last one may go on, unless it is whole. */
export interface Phrase {
  terms: readonly string[]
  isWhole: boolean
}

/** One column must hold one of these phrases. */
export interface SearchTerm {
  column: 'text' | 'village' | 'kind'
  anyOf: readonly Phrase[]
}

/** Every word must be there, its end may be missing. */
export function textTerms(asked: string): SearchTerm[] {
  const words = asked.trim().split(/\s+/).slice(0, wordsMax)
  return words
    .map((word) => termsOf(word))
    .filter((terms) => terms.length > 0)
    .map((terms) => {
      // A pair that ends the search stands whole in the index; a single character begins pairs.
      const last = terms.at(-1) ?? ''
      const isWhole = isHan.test(last) && Array.from(last).length > 1
      return { column: 'text', anyOf: [{ terms, isWhole }] }
    })
}

/** Of one column, exactly. */
export const columnTerm = (column: 'village' | 'kind', value: string): SearchTerm => ({
  column,
  anyOf: [{ terms: termsOf(value), isWhole: true }],
})

/** Any of these places; undefined when none of them has a term. */
export function anyPlaceTerm(places: readonly string[]): SearchTerm | undefined {
  const anyOf = places.map((place) => ({ terms: termsOf(place), isWhole: true }))
  const sound = anyOf.filter(({ terms }) => terms.length > 0)
  return sound.length === 0 ? undefined : { column: 'village', anyOf: sound }
}

/** The text column's part of a query of FTS5; undefined when nothing is asked. */
export function textQuery(asked: string): string | undefined {
  const terms = textTerms(asked)
  return terms.length === 0 ? undefined : matchQuery(terms)
}

/** As a query of FTS5. */
export function matchQuery(terms: readonly SearchTerm[]): string {
  const phraseOf = ({ terms: words, isWhole }: Phrase): string => `"${words.join(' ')}"${isWhole ? '' : ' *'}`
  return terms
    .map(({ column, anyOf }) => {
      const phrases = anyOf.map(phraseOf).join(' OR ')
      return `${column} : ${anyOf.length > 1 ? `(${phrases})` : phrases}`
    })
    .join(' AND ')
}

/** A village is found by its own id and by the codes above it. */
export const placeTerms = (villages: readonly string[]): string =>
  [
    ...new Set(
      villages.flatMap((village) => [
        village,
        ...(/^(?:\d{9}|\d{12})$/.test(village) ? [9, 6, 4, 2].map((length) => village.slice(0, length)) : []),
      ]),
    ),
  ]
    .map((one) => termsOf(one).join(' '))
    .join(' ')

const letters = { text: 't', village: 'v', kind: 'k' } as const

/**
 * As a query of PostgreSQL: the index finds rows that have all terms, and phrases are compared in the columns. Terms consist of letters
 * and digits, and are no syntax.
 */
export function matchVector(terms: readonly SearchTerm[]): {
  query: string
  phrases: { column: SearchTerm['column']; like: string[] }[]
} {
  const one = (column: SearchTerm['column'], { terms: words, isWhole }: Phrase): string =>
    (words.length === 0 ? [''] : words)
      .map((word, i) => `'${letters[column]}${word}'${isWhole || i < words.length - 1 ? '' : ':*'}`)
      .join(' & ')
  const query = terms.map(
    ({ column, anyOf }) => `(${anyOf.map((phrase) => `(${one(column, phrase)})`).join(' | ')})`,
  )
  const phrases = terms
    .filter(({ anyOf }) => anyOf.some(({ terms: words }) => words.length > 1))
    .map(({ column, anyOf }) => ({
      column,
      like: anyOf.map(({ terms: words, isWhole }) => `% ${words.join(' ')}${isWhole ? ' ' : ''}%`),
    }))
  return { query: query.join(' & '), phrases }
}

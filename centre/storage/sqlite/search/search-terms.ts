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

/** The text column's part of a query of FTS5: every word must be there, its end may be missing. Undefined when nothing is asked. */
export function textQuery(asked: string): string | undefined {
  const words = asked.trim().split(/\s+/).slice(0, wordsMax)
  const phrases = words.map((word) => termsOf(word)).filter((terms) => terms.length > 0)
  if (phrases.length === 0) return undefined
  // A pair that ends the search stands whole in the index; a single character begins pairs.
  const phraseOf = (terms: string[]): string => {
    const last = terms.at(-1) ?? ''
    const isWhole = isHan.test(last) && Array.from(last).length > 1
    return `"${terms.join(' ')}"${isWhole ? '' : ' *'}`
  }
  return phrases.map((terms) => `text : ${phraseOf(terms)}`).join(' AND ')
}

/** Of one column, exactly. */
export const columnQuery = (column: 'village' | 'kind', value: string): string =>
  `${column} : "${termsOf(value).join(' ')}"`

/** Any of these places; undefined when none of them has a term. */
export function anyPlaceQuery(places: readonly string[]): string | undefined {
  const terms = places.map((place) => termsOf(place).join(' ')).filter((term) => term !== '')
  return terms.length === 0 ? undefined : `village : (${terms.map((term) => `"${term}"`).join(' OR ')})`
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

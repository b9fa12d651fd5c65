// The statements of storage's parts in the words of PostgreSQL. They are written in what both databases know; only what has no
// common form is replaced here, outside of texts in quotes. Pure.

/** The columns that number new rows: SQLite answers the number of a new row by itself, PostgreSQL when it is asked. */
const numbered: ReadonlyMap<string, string> = new Map([
  ['action_lists', 'version'],
  ['attachments', 'number'],
  ['bulletins', 'number'],
  ['case_events', 'position'],
  ['case_rules', 'version'],
  ['changes', 'position'],
  ['commands', 'number'],
  ['epochs', 'number'],
  ['families', 'number'],
  ['linkages', 'version'],
  ['looks', 'position'],
  ['quarantine', 'position'],
  ['response_links', 'number'],
  ['roster', 'number'],
  ['security_log', 'position'],
  ['shifts', 'number'],
  ['trail', 'position'],
  ['work_orders', 'number'],
])

/** Names of columns that are words of PostgreSQL's grammar. */
const reserved = new Set(['user', 'full'])

const realColumns = /\b(?:boot_wall_ms|arrival_minutes)\b/

const functions: ReadonlyMap<string, string> = new Map([
  ['instr', 'strpos'],
  ['json_each', 'each_value'],
])

export interface Translated {
  text: string
  /** Names of values in the order of their numbers; undefined when they are given in order. */
  names?: readonly string[]
  /** Its rows are the numbers of new rows. */
  givesNumber: boolean
  /** It names a column of real numbers: values are not made whole. */
  hasReals: boolean
}

// A text, a quoted name, a name or word, a place for a value, or any other character.
const token = /'(?:[^']|'')*'|"[^"]*"|@[A-Za-z_]\w*|[A-Za-z_]\w*|\?|[^]/g

/** The words that are left out: hints for SQLite's planner. */
const hints = / (?:NOT INDEXED|INDEXED BY \w+)\b/g

function wordOf(word: string): string {
  if (reserved.has(word)) return `"${word}"`
  // The answers' names: PostgreSQL would make small letters of them.
  return /^[a-z]\w*[A-Z]/.test(word) ? `"${word}"` : (functions.get(word) ?? word)
}

export function translate(sqlite: string): Translated {
  const text = sqlite
    .replaceAll(hints, '')
    .replaceAll('CROSS JOIN', 'JOIN')
    .replaceAll(/(\?|@\w+) IS NULL/g, 'CAST($1 AS TEXT) IS NULL')
  const names: string[] = []
  let places = 0
  const made = text.replaceAll(token, (part) => {
    if (part === '?') return `$${++places}`
    if (part.startsWith('@') && part.length > 1) {
      const name = part.slice(1)
      if (!names.includes(name)) names.push(name)
      return `$${names.indexOf(name) + 1}`
    }
    return /^[A-Za-z_]/.test(part) ? wordOf(part) : part
  })
  const table = /^\s*INSERT INTO (\w+)/.exec(made)?.[1]
  const column = table === undefined ? undefined : numbered.get(table)
  const givesNumber = column !== undefined && !/\bRETURNING\b/.test(made)
  return {
    text: givesNumber ? `${made} RETURNING ${column}` : made,
    ...(names.length > 0 ? { names } : {}),
    givesNumber,
    hasReals: realColumns.test(made),
  }
}

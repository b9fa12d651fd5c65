// Rules on the source itself: import directions, forbidden words, sources of time and chance. Each ban names what to do
// instead.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)))
const sources = files.filter((file) => /\.(ts|vue)$/.test(file) && !file.endsWith('.d.ts'))
const programs = ['gateway', 'centre', 'firmware-sim', 'web']

const text = new Map(sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
const partOf = (file: string): string => file.split('/')[0] ?? ''

interface Import {
  from: string
  to: string
  isOwn: boolean
}

const imports: Import[] = sources.flatMap((from) =>
  [
    ...(text.get(from) ?? '').matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'"\n]*(?:\n[^'"\n]*)*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g,
    ),
  ].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? ''
    const isOwn = target.startsWith('.')
    return { from, isOwn, to: isOwn ? posix.join(posix.dirname(from), target) : target }
  }),
)
const describeImport = ({ from, to }: Import): string => `${from} imports ${to}`

/** Without comments and texts; the code inside of a template stays. */
function withoutTexts(content: string): string {
  let code = content
    .replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
  // One at a time, the inner template first: it is the code of the outer one.
  for (let before = ''; before !== code;) {
    before = code
    code = code.replace(/`(?:[^`\\$]|\\.|\$(?!\{)|\$\{[^{}`]*\})*`/, (template) =>
      [...template.matchAll(/\$\{([^{}`]*)\}/g)].map(([, part]) => `(${part})`).join(' '),
    )
  }
  return code
}

describe('import directions', () => {
  it('reads imports at all', () => {
    expect(imports.length).toBeGreaterThan(300)
    expect(
      imports.some(({ from, to }) => from === 'gateway/gateway.ts' && to === 'gateway/broker/broker.ts'),
    ).toBe(true)
  })

  it('keeps protocols below everything, and kit below protocols', () => {
    const wrong = imports.filter(
      ({ from, to, isOwn }) =>
        isOwn &&
        ((partOf(from) === 'protocols' && partOf(to) !== 'protocols') ||
          (from.startsWith('protocols/kit/') && !to.startsWith('protocols/kit/'))),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('keeps protocols free of I/O: no node: module but in the schema generator', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        from.startsWith('protocols/') && to.startsWith('node:') && !from.startsWith('protocols/schemas/'),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('lets no program import another: they meet in protocols', () => {
    const wrong = imports.filter(
      ({ from, to, isOwn }) =>
        isOwn &&
        programs.includes(partOf(from)) &&
        partOf(to) !== partOf(from) &&
        partOf(to) !== 'protocols' &&
        (partOf(to) !== 'platform' || partOf(from) === 'web'),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('keeps platform below the programs: it imports protocols only', () => {
    const wrong = imports.filter(
      ({ from, to, isOwn }) =>
        isOwn && partOf(from) === 'platform' && !['platform', 'protocols'].includes(partOf(to)),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('lets folders of the gateway meet only in wiring: others import port.ts or types of config', () => {
    const wrong = imports.filter(({ from, to, isOwn }) => {
      if (
        !isOwn ||
        !from.startsWith('gateway/') ||
        dirname(from) === 'gateway' ||
        ['wiring', 'cli'].includes(folderOf(from))
      )
        return false
      if (!to.startsWith('gateway/') || folderOf(to) === folderOf(from)) return false
      return basename(to) !== 'port.ts' && !to.startsWith('gateway/config/')
    })
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('imports nothing upward in the gateway', () => {
    const floors = [
      ['journal', 'alarms', 'config', 'clock'],
      ['uplink', 'cameras', 'dialects', 'outlets'],
      ['intake', 'commands'],
      ['broker'],
      ['health', 'console', 'support'],
      ['wiring', 'cli'],
    ]
    const floorOf = (file: string): number => floors.findIndex((names) => names.includes(folderOf(file)))
    const wrong = imports.filter(
      ({ from, to, isOwn }) =>
        isOwn &&
        from.startsWith('gateway/') &&
        dirname(from) !== 'gateway' &&
        to.startsWith('gateway/') &&
        floorOf(to) > floorOf(from),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('lets folders of the centre meet only in wiring: others import the pure ones and the port of storage', () => {
    // What each folder may import from the centre besides itself; alarms and cases are pure.
    const known: Record<string, RegExp> = {
      config: /^storage\/postgres\/address\.ts$/,
      cluster: /^alarms\/|^storage\/port\.ts$/,
      alarms: /^(?!)/,
      cases: /^alarms\//,
      storage: /^(alarms|cases|figures)\//,
      receiver: /^(alarms|cases)\/|^storage\/port\.ts$/,
      pictures: /^storage\/port\.ts$/,
      villages: /^(alarms|cases)\/|^storage\/port\.ts$/,
      stream: /^(alarms|cases)\/|^storage\/port\.ts$/,
      upward: /^storage\/port\.ts$/,
      outlets: /^config\/outlets\/|^storage\/(port|outlet-port)\.ts$/,
      commands: /^(alarms|cases)\/|^storage\/port\.ts$/,
      deadlines: /^cases\//,
      updates: /^(?!)/,
      fleet: /^attachments\/|^storage\/(port|fleet-port)\.ts$/,
      enrolment: /^storage\/(port|enrolment-port)\.ts$/,
      figures: /^storage\/figure-port\.ts$/,
      people: /^storage\/(port|people-port|response-port)\.ts$/,
      attachments: /^storage\/(port|response-port)\.ts$/,
      retention: /^storage\/(port|retention-port)\.ts$/,
      accounts: /^storage\/port\.ts$/,
      api: /^(alarms|cases|config|accounts|enrolment|figures|fleet|people|attachments)\/|^villages\/registry\.ts$|^storage\/(port|case-port|enrolment-port|village-port|response-port|search-port|figure-port|storage-failure)\.ts$/,
    }
    const ofCentre = imports.filter(
      ({ from, to, isOwn }) =>
        isOwn && from.startsWith('centre/') && dirname(from) !== 'centre' && to.startsWith('centre/'),
    )
    const wrong = ofCentre.filter(({ from, to }) => {
      if (['wiring', 'cli'].includes(folderOf(from))) return false
      return folderOf(to) !== folderOf(from) && !known[folderOf(from)]?.test(to.slice('centre/'.length))
    })
    expect(ofCentre.length).toBeGreaterThan(30)
    expect(wrong.map(describeImport)).toEqual([])
  })

  it('keeps the pure folders of the centre free of I/O', () => {
    const wrong = imports.filter(
      ({ from, to, isOwn }) => /^centre\/(alarms|cases)\//.test(from) && !isOwn && to !== 'node:crypto',
    )
    expect(wrong.map(describeImport)).toEqual([])
  })

  it.each([
    ['aedes', ['gateway/broker/', 'centre/receiver/']],
    ['mqemitter', ['gateway/broker/', 'centre/receiver/']],
    ['better-sqlite3', ['gateway/journal/', 'centre/storage/', 'platform/']],
    ['pg', ['centre/storage/postgres/']],
    [
      'mqtt',
      [
        'gateway/uplink/',
        'centre/upward/',
        'gateway/dialects/',
        'platform/outlets/speaker/',
        'firmware-sim/',
      ],
    ],
  ])('imports %s only in %s', (name, folders) => {
    const wrong = imports.filter(
      ({ from, to }) =>
        to === name && !from.startsWith('tests/') && !folders.some((folder) => from.startsWith(folder)),
    )
    expect(wrong.map(describeImport)).toEqual([])
  })
})

function folderOf(file: string): string {
  return file.split('/')[1] ?? ''
}

describe('the source', () => {
  const own = [...text].filter(([file]) => !file.startsWith('tests/tidy'))

  const violations = (pattern: RegExp, isExempt: (file: string) => boolean = () => false): string[] =>
    own.flatMap(([file, content]) =>
      isExempt(file)
        ? []
        : content
            .split('\n')
            .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [])),
    )

  it('takes time and chance from Clock and Random, not from the system', () => {
    const exempt = (file: string): boolean =>
      file.startsWith('tests/') ||
      file.startsWith('protocols/kit/') ||
      file.startsWith('web/') ||
      /\/main\.ts$|-command\.ts$|^firmware-sim\/(demo|village\/run-village|village\/press-once)\.ts$/.test(
        file,
      )
    expect(violations(/\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)/, exempt)).toEqual([])
  })

  it('writes to a terminal through platform/terminal.ts alone, which lets nothing steer it', () => {
    const exempt = (file: string): boolean =>
      file === 'platform/terminal.ts' || /^(tests|web)\/|^protocols\/schemas\/|^bin\//.test(file)
    const writes =
      /\bconsole\.\w+\(|\bprocess\.(stdout|stderr)\b(?!\.(writable|isTTY|on)\b)|\bfs\.write\w*\([12],/
    expect(violations(writes, exempt)).toEqual([])
  })

  it('has no default exports: import by name', () => {
    expect(violations(/^export default /, (file) => /(vite|vitest)\.config\.ts$|\.vue$/.test(file))).toEqual(
      [],
    )
  })

  it('names files in kebab-case and keeps empty words out of names', () => {
    const wrong = sources.filter((file) => {
      const name = basename(file).replace(/\.(test\.ts|config\.ts|ts|vue)$/, '')
      return (
        !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ||
        name
          .split('-')
          .some((word) =>
            ['manager', 'helper', 'helpers', 'util', 'utils', 'misc', 'info', 'handler', 'handlers'].includes(
              word,
            ),
          )
      )
    })
    expect(wrong).toEqual([])
  })

  it('finds names between and inside of templates, and none in texts', () => {
    const code = withoutTexts("a(`one ${b(`two ${c}`)} three`, 'four', (said) => `five`) // six")
    expect(code.match(/[a-z]\w*/g)).toEqual(['a', 'b', 'c', 'said'])
  })

  it('keeps the words that the glossary refuses out of names', () => {
    // The table is for people: this rule reads it there, so that the two can not differ.
    const rows = readFileSync(join(root, 'protocols/README.md'), 'utf8').split('## Not in names')[1] ?? ''
    const refused = [...rows.matchAll(/^\| `(.+?)` +\| (names|types) +\|/gm)].map(
      ([, words = '', where]) => ({
        words: words.split('`, `'),
        isTypesOnly: where === 'types',
      }),
    )
    expect(refused.length).toBeGreaterThan(4)
    // Given by packages.
    const foreign = new Set(
      'setErrorHandler setNotFoundHandler clientErrorHandler setInterruptHandler handler'.split(' '),
    )
    const wrong = own
      .filter(([file]) => !file.startsWith('tests/'))
      .flatMap(([file, content]) => {
        const code = withoutTexts(content)
        return [...new Set(code.match(/[A-Za-z_]\w*/g))]
          .filter((name) => {
            const parts =
              name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g)?.map((part) => part.toLowerCase()) ?? []
            return (
              !foreign.has(name) &&
              refused.some(
                ({ words, isTypesOnly }) =>
                  (!isTypesOnly || /^[A-Z]/.test(name)) &&
                  words.some((word) => word === name || parts.includes(word)),
              )
            )
          })
          .map((name) => `${file}: ${name}`)
      })
    expect(wrong).toEqual([])
  })

  it('opens each file with a sentence on its job', () => {
    const wrong = own.filter(([file, content]) => {
      if (file.endsWith('.vue') || file.endsWith('.config.ts')) return false
      return !/^(#!.*\n)?(\/\/|\/\*)/.test(content)
    })
    expect(wrong.map(([file]) => file)).toEqual([])
  })

  it('writes comments in plain words: name the subject', () => {
    // "The caller", "a person", "this many", "gets": the subject in place of a riddle, no part made a person.
    const hard =
      /\b(nobody|whoever|somebody|anybody|so many|(is|are|be) told (that|of|when|once)|believes)\b/i
    const inComment = /^\s*(\/\/|\/?\*|<!--)/
    const wrong = own.flatMap(([file, content]) =>
      content
        .split('\n')
        .flatMap((line, at) =>
          inComment.test(line) && hard.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [],
        ),
    )
    // A ratchet: lower this number with each file that is rewritten, never raise it.
    const hardLinesMax = 0
    expect(wrong.slice(hardLinesMax)).toEqual([])
  })

  it('reads tables by words of others without inherited names: lookup()', () => {
    const isOther = (file: string): boolean =>
      /^(tests|web|deploy|firmware-sim|bin)\/|schemas|from-zod/.test(file)
    expect(violations(/^(export )?const \w+: (\w+<)*Record<string, .* = \{/, isOther)).toEqual([])
  })

  it('leaves nothing unfinished and silences no check', () => {
    expect(
      violations(/\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|@ts-nocheck|@ts-expect-error|(ox|es)lint-disable/),
    ).toEqual([])
  })

  it('switches no test off', () => {
    expect(violations(/\b(it|test|describe)\.(skip|only|todo|fails)\b(?!If)/)).toEqual([])
  })

  it('keeps kit small: at most ten files', () => {
    expect(files.filter((file) => file.startsWith('protocols/kit/')).length).toBeLessThanOrEqual(10)
  })

  it('stays within 400 lines a file', () => {
    const long = own.filter(
      ([file, content]) => !file.startsWith('tests/') && content.split('\n').length > 400,
    )
    expect(long.map(([file]) => file)).toEqual([])
  })
})

describe('tests', () => {
  // What a file runs of others: imports of types, and of a thread by its name, are told apart.
  const runs = new Map(
    [...text].map(([file, content]) => [
      file,
      [
        ...content.matchAll(
          /^(?:import|export)\b(?! type)[^'"]*?from\s+'(\.[^']+)'|import\(\s*'(\.[^']+)'|startThread\([^,]+, '([^']+)'/gm,
        ),
      ].map(([, from, lazy, thread]) =>
        thread === undefined ? posix.join(posix.dirname(file), from ?? lazy ?? '') : `${thread}.ts`,
      ),
    ]),
  )
  const roomOf = (file: string): string => file.split('/').slice(0, 2).join('/')

  /** Files that tests of parts import, themselves or through their kits, and what these run in the same room. */
  function reachedByTests(): Set<string> {
    const reached = new Set<string>()
    const seen = new Set<string>()
    const goOn = (file: string): void => {
      if (reached.has(file)) return
      reached.add(file)
      for (const next of runs.get(file) ?? []) if (roomOf(next) === roomOf(file)) goOn(next)
    }
    const readTest = (file: string): void => {
      if (seen.has(file)) return
      seen.add(file)
      for (const next of runs.get(file) ?? [])
        if (next.startsWith('tests/')) readTest(next)
        // A whole program tests no part by itself.
        else if (!/^(gateway\/gateway|centre\/centre)\.ts$/.test(next)) goOn(next)
    }
    for (const file of sources)
      if (/^tests\/(unit|contract|fuzz|simulation|postgres)\/.*\.test\.ts$/.test(file)) readTest(file)
    return reached
  }

  /** Exports something that runs, and has a branch; wiring, commands, schemas and entry points decide nothing by themselves. */
  function decides(file: string): boolean {
    if (!/^(gateway|centre|platform|protocols)\/.*\/.*\.ts$|^platform\/[^/]+\.ts$/.test(file)) return false
    if (/\/(wiring|cli|migrations)\/|schemas?(\.ts$|\/)|port\.ts$/.test(file)) return false
    const code = (text.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    return (
      /^export (async )?(function|class|const)/m.test(code) &&
      /\bif \(|\bswitch \(|[^?:]\? [^:]|\n\s+\? |&&|\|\|/.test(code)
    )
  }

  it('reach every file that decides something, through its own room', () => {
    // The routes of the API are tested over HTTP on a running centre: access.test.ts has a row for each of them.
    const deciding = sources.filter((file) => decides(file) && !file.startsWith('centre/api/'))
    const reached = reachedByTests()
    expect(deciding.length).toBeGreaterThan(400)
    expect(deciding.filter((file) => !reached.has(file))).toEqual([])
  })
})

describe('the repository', () => {
  const documents = files.filter((file) => /\.(md|ts|js|vue|ya?ml|json|html|css|service)$/.test(file))

  it('names no machine and no registry', () => {
    const wrong = documents.filter((file) => {
      const content = readFileSync(join(root, file), 'utf8')
      return new RegExp(
        ['/wo' + 'rk/', '/ro' + 'ot/', 'regis' + 'try\\.npm', '\\.lib' + 'rary/'].join('|'),
      ).test(content)
    })
    expect(wrong).toEqual([])
  })

  it('keeps every folder of code to eighteen files: more need rooms that say what they are about', () => {
    const counts = new Map<string, number>()
    for (const file of sources) {
      const folder = file.slice(0, file.lastIndexOf('/'))
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    expect([...counts].filter(([, count]) => count > 18)).toEqual([])
  })

  it('has a README in each top folder', () => {
    const folders = [...new Set(files.filter((file) => file.includes('/')).map(partOf))].filter(
      (name) => !name.startsWith('.'),
    )
    const without = folders.filter(
      (folder) => folder !== 'bin' && !existsSync(join(root, folder, 'README.md')),
    )
    expect(without).toEqual([])
  })

  it('tracks no generated output and no large file', () => {
    const large = files.filter((file) => readFileSync(join(root, file)).byteLength > 1_000_000)
    expect(large).toEqual([])
    expect(files.filter((file) => /^(dist|node_modules|\.demo)\//.test(file))).toEqual([])
  })
})

// Conversations of real devices as data: the expected result of each line, with state carried from line to line as on
// the box.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dialectOf } from '../../gateway/dialects/dialects.ts'
import { DialectSession, type SessionResult } from '../../gateway/dialects/session/session.ts'

interface Line {
  topic: string
  payload?: string | undefined
  payloadHex?: string
  retained?: boolean
  resent?: boolean
  fPort?: number
  device?: string
  atMs?: number
  expect: {
    results: { readings?: object; faults?: string[] }[]
    ignored?: true
    quarantined?: true
    without?: string[]
  }
}
interface Vectors {
  dialect: string
  settings?: Record<string, unknown>
  conversations: { name: string; settings?: Record<string, unknown>; lines: Line[] }[]
}

const folder = join(import.meta.dirname, '../../protocols/vectors/dialects')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
)
const lineGapMs = 500

function messageOf(line: Line, atMs: number) {
  const { topic, payload, payloadHex, retained, resent, fPort, device } = line
  return {
    topic,
    payload: payloadHex === undefined ? Buffer.from(payload ?? '') : Buffer.from(payloadHex, 'hex'),
    isRetained: retained === true,
    isResent: resent === true,
    atMs: line.atMs ?? atMs,
    ...(fPort === undefined ? {} : { fPort }),
    ...(device === undefined ? {} : { device }),
  }
}

/** The compared part of a line's result; an unexpected fault is visible. */
function observed(where: string, heard: SessionResult, { expect: wanted }: Line): object {
  const { results, ignored, quarantined } = heard
  return {
    where,
    results: results.map((result, at) => ({
      ...result,
      faults: result.faults ?? wanted.results[at]?.faults ?? [],
    })),
    isIgnored: ignored !== undefined,
    isQuarantined: quarantined !== undefined,
    unwanted: (wanted.without ?? []).filter((name) => results.some(({ readings }) => name in readings)),
  }
}

function expected(where: string, { expect: wanted }: Line): object {
  return {
    where,
    results: wanted.results.map((result) => ({ faults: [], ...result })),
    isIgnored: wanted.ignored === true,
    isQuarantined: wanted.quarantined === true,
    unwanted: [],
  }
}

describe.each(files)('%s', (file) => {
  const vectors = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Vectors

  test.each(vectors.conversations)('$name', async ({ lines, settings }) => {
    const dialect = dialectOf(vectors.dialect)
    if (!dialect) throw new Error(`no dialect ${vectors.dialect}`)
    const session = new DialectSession({ dialect, settings: { ...vectors.settings, ...settings } })
    for (const [index, line] of lines.entries()) {
      const heard = await session.take(messageOf(line, (index + 1) * lineGapMs))
      const where = `line ${index + 1}: ${line.topic}`
      expect(observed(where, heard, line)).toMatchObject(expected(where, line))
    }
  })

  test.each(['__proto__', 'constructor', 'toString'])(
    'takes the word %s, which every object has, for no reading',
    async (name) => {
      const dialect = dialectOf(vectors.dialect)
      if (!dialect) throw new Error(`no dialect ${vectors.dialect}`)
      const inherited: string[] = []
      for (const { lines, settings } of vectors.conversations) {
        const session = new DialectSession({ dialect, settings: { ...vectors.settings, ...settings } })
        let atMs = 0
        for (const line of lines)
          for (const payload of [line.payload, ...withWord(line.payload, name)]) {
            const heard = await session.take(messageOf({ ...line, payload }, (atMs += lineGapMs)))
            for (const { readings } of heard.results)
              for (const [key, value] of Object.entries(readings))
                if (typeof value === 'function' || value === Object.prototype)
                  inherited.push(`${line.topic} ${payload}: ${key}`)
          }
      }
      expect(inherited).toEqual([])
    },
  )
})

/** The payload with `name` in the place of each of its words in turn. */
function withWord(payload: string | undefined, name: string): string[] {
  const words = [...(payload ?? '').matchAll(/(?<=:\s*)"(?:[^"\\]|\\.)*"|^[A-Za-z_]+$/g)]
  return words.map(({ 0: word, index }) => {
    const other = word.startsWith('"') ? JSON.stringify(name) : name
    return `${payload?.slice(0, index)}${other}${payload?.slice(index + word.length)}`
  })
}

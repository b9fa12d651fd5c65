// Conversations of real devices as data: what each line comes to, with state carried from line to line as on the box.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dialectOf } from '../../gateway/dialects/dialects.ts'
import { DialectSession } from '../../gateway/dialects/session/session.ts'

interface Line {
  topic: string
  payload?: string
  payloadHex?: string
  retained?: boolean
  resent?: boolean
  fPort?: number
  device?: string
  atMs?: number
  expect: { results: { readings?: object }[]; ignored?: true; quarantined?: true; without?: string[] }
}
interface Vectors {
  dialect: string
  settings?: Record<string, unknown>
  conversations: { name: string; settings?: Record<string, unknown>; lines: Line[] }[]
}

const folder = join(import.meta.dirname, '../../protocols/vectors/dialects')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
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

describe.each(files)('%s', (file) => {
  const vectors = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Vectors

  test.each(vectors.conversations)('$name', async ({ lines, settings }) => {
    const dialect = dialectOf(vectors.dialect)
    if (!dialect) throw new Error(`no dialect ${vectors.dialect}`)
    const session = new DialectSession({ dialect, settings: { ...vectors.settings, ...settings } })
    for (const [index, line] of lines.entries()) {
      const heard = await session.take(messageOf(line, (index + 1) * lineGapMs))
      const { results, ignored, quarantined, without = [] } = line.expect
      const where = `line ${index + 1}: ${line.topic}`
      expect(heard.results, where).toHaveLength(results.length)
      expect(heard.results, where).toMatchObject(results)
      expect(heard.ignored !== undefined, `${where} ignored: ${heard.ignored}`).toBe(ignored === true)
      expect(heard.quarantined !== undefined, `${where} quarantined: ${heard.quarantined}`).toBe(
        quarantined === true,
      )
      for (const name of without)
        for (const result of heard.results) expect(result.readings, where).not.toHaveProperty(name)
      for (const result of heard.results)
        if (!('faults' in (results[0] ?? {}))) expect(result.faults ?? [], where).toEqual([])
    }
  })
})

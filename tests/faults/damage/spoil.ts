// One damage from one seed: a byte or a run of bytes in any file, or a document that parses and has another shape.
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Random } from '../../../protocols/kit/random.ts'
import { randomMutations } from '../../fuzz/structure/structural-mutations.ts'
import { filesOf } from './village-life.ts'

export interface Damage {
  what: string
  file: string
  /** The number of damaged bytes; a document counts as one row. */
  bytes: number
}

export function spoil(dataDir: string, random: Random, seed: number): Damage {
  switch (random.between(0, 9)) {
    case 0:
    case 1:
      return spoilRow(dataDir, random, 'state', seed)
    case 2:
      return spoilRow(dataDir, random, 'meta', seed)
    case 3:
    case 4:
      return spoilOther(dataDir, random, seed)
    case 5:
    case 6:
      return spoilBytes(dataDir, 'journal.db-wal', random)
    default:
      return spoilBytes(dataDir, 'journal.db', random)
  }
}

function spoilBytes(dataDir: string, file: string, random: Random): Damage {
  const path = join(dataDir, file)
  const { size } = statSync(path)
  if (size === 0) {
    writeFileSync(path, 'spoilt')
    return { what: `${file}: garbage where there was nothing`, file, bytes: 6 }
  }
  const wanted = random.pick([1, 1, 1, 1, random.between(2, 64), random.between(65, 4096)])
  const bytes = Math.min(size, wanted)
  // Half of the single bytes are at the positions on which every file depends.
  const at = random.between(0, random.between(0, 3) === 0 ? Math.min(99, size - bytes) : size - bytes)
  const content = Buffer.alloc(bytes)
  const descriptor = openSync(path, 'r+')
  readSync(descriptor, content, 0, bytes, at)
  const kind = random.pick(['bit', 'zeros', 'ones', 'garbage'] as const)
  for (let i = 0; i < bytes; i++) {
    const before = content[i] ?? 0
    if (kind === 'bit') content[i] = before ^ (1 << random.between(0, 7))
    else content[i] = kind === 'zeros' ? 0 : kind === 'ones' ? 0xff : random.between(0, 255)
  }
  writeSync(descriptor, content, 0, bytes, at)
  closeSync(descriptor)
  return { what: `${file}: ${bytes} bytes at ${at}: ${kind}`, file, bytes }
}

/** A document is replaced by JSON of another shape, or a digit or letter of it by another one. */
function spoilRow(dataDir: string, random: Random, table: 'state' | 'meta', seed: number): Damage {
  const db = new Database(join(dataDir, 'journal.db'))
  try {
    const rows = db.prepare(`SELECT key, value FROM ${table}`).all() as { key: string; value: string }[]
    const { key, value } = random.pick(rows)
    const changed =
      random.between(0, 2) === 0 ? withOneOtherCharacter(value, random) : mutationOf(value, seed)
    db.prepare(`UPDATE ${table} SET value = ? WHERE key = ?`).run(changed, key)
    return {
      what: `${table} ${key}: ${value.slice(0, 200)} -> ${changed.slice(0, 200)}`,
      file: table,
      bytes: 1,
    }
  } finally {
    db.close()
  }
}

function withOneOtherCharacter(value: string, random: Random): string {
  if (value === '') return 'x'
  const at = random.between(0, value.length - 1)
  const other = random.pick('0123456789abcdef'.split('').filter((one) => one !== value[at]))
  return value.slice(0, at) + other + value.slice(at + 1)
}

function mutationOf(value: string, seed: number): string {
  let message: unknown
  try {
    message = JSON.parse(value)
  } catch {
    return '{"another":"shape"}'
  }
  return randomMutations([message], seed).next().value?.text as string
}

/** Every other file: any bytes, and other shapes of the JSON ones. */
function spoilOther(dataDir: string, random: Random, seed: number): Damage {
  const others = filesOf(dataDir).filter((name) => !/^journal\.db(-wal)?$/.test(name))
  const file = random.pick(others)
  const path = join(dataDir, file)
  if (!file.endsWith('.json') || random.between(0, 1) === 0) return spoilBytes(dataDir, file, random)
  const text = mutationOf(readFileSync(path, 'utf8'), seed)
  writeFileSync(path, text)
  return { what: `${file}: ${text.slice(0, 200)}`, file, bytes: existsSync(path) ? 1 : 0 }
}

// Linkage between villages in SQLite: the rules, and one row per warning. A warning is made in the commit that stores the
// alarm upstream: neither is there without the other, and a record that comes twice warns once.
import { createHash } from 'node:crypto'
import { outranks } from '../../../../protocols/domain/colour.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import type { Alarm, AlarmChange } from '../../../../protocols/domain/alarm.ts'
import { commandLifeMs, type DeskCommand } from '../../../../protocols/desk/commands.ts'
import { bulletinCharsMax } from '../../../../protocols/desk/villages/bulletins.ts'
import type { Linkage, LinkageWarning } from '../../../../protocols/desk/villages/linkages.ts'
import { isActive, isOwn, type DeskRow } from '../../../alarms/desk-row.ts'
import {
  bulletinText,
  endsAtMs,
  isHigh,
  learnedMinutes,
  rulesFor,
  warningText,
  type Upstream,
} from '../../../alarms/linkage.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { LinkagePass, NewBulletin } from '../../village-port.ts'
import type { StoredChange } from '../../stored-change.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { createRules, prepareArrivals } from './linkage-reader.ts'

/** Warnings looked at in one pass; the next goes on behind the last of them. */
const passMax = 500
/** Further alarms upstream for which an open warning stands too; more of them change nothing. */
const othersMax = 20
/** A sign shows the text for this long. */
const bulletinSeconds = 600
const minuteMs = 60_000

interface Stored {
  number: number
  body: string
}

export interface LinkageWriterOptions {
  db: Sqlite
  seal: (entry: TrailEntry) => void
  boxesOf: (village: string) => string[]
  nameOf: (box: string) => string
  rowOf: (id: string) => DeskRow | undefined
  /** Raises, changes or ends an alarm of the centre itself, with its case. */
  applyOwn: (box: string, change: AlarmChange, alarm: Alarm, atMs: number) => StoredChange[]
  askBulletin: (bulletin: NewBulletin, commands: readonly DeskCommand[]) => StoredChange[]
}

export interface LinkageWriter {
  /** Inside the commit that stores the alarm. */
  hear(row: DeskRow, atMs: number): StoredChange[]
  calls: {
    putLinkages: (linkages: readonly Linkage[], who: string, atMs: number) => number
    passLinkages: (nowMs: number) => LinkagePass
  }
}

const idOf = (...parts: (string | number)[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)

export function createLinkageWriter(options: LinkageWriterOptions): LinkageWriter {
  const { db } = options
  const rules = createRules(db)
  const insertRules = db.prepare('INSERT INTO linkages (at_ms, who, body) VALUES (?, ?, ?)')
  const warnings = new Warnings(options)
  return {
    hear: (row, atMs) => (row.alarm.kind === 'water' ? warnings.hear(row, rules().linkages, atMs) : []),
    calls: {
      putLinkages: immediately(db, (linkages: readonly Linkage[], who: string, wallMs: number) => {
        const atMs = Math.round(wallMs)
        const version = Number(insertRules.run(atMs, who, JSON.stringify(linkages)).lastInsertRowid)
        const why = `version ${version}: ${linkages.map(({ id }) => id).join(', ')}`
        options.seal({ alarm: 'linkages', atMs, who, what: 'linkages-changed', why: why.slice(0, 1000) })
        return version
      }),
      passLinkages: immediately(db, (wallMs: number) => warnings.pass(rules().linkages, Math.round(wallMs))),
    },
  }
}

class Warnings {
  readonly #options: LinkageWriterOptions
  readonly #arrivals: (linkage: string, village: string) => number[]
  /** The last warning that a pass looked at. */
  #passed = 0
  readonly #statements

  constructor(options: LinkageWriterOptions) {
    const { db } = options
    this.#options = options
    this.#arrivals = prepareArrivals(db)
    this.#statements = {
      ofSource: db.prepare<[string], Stored>(
        'SELECT number, body FROM linkage_warnings WHERE source = ? AND is_open = 1',
      ),
      ofRule: db.prepare<[string, string], Stored>(
        'SELECT number, body FROM linkage_warnings WHERE linkage = ? AND village = ? AND is_open = 1',
      ),
      ofVillage: db.prepare<[string], Stored>(
        'SELECT number, body FROM linkage_warnings WHERE village = ? AND is_open = 1',
      ),
      open: db.prepare<[number, number], Stored>(
        'SELECT number, body FROM linkage_warnings WHERE is_open = 1 AND number > ? ORDER BY number LIMIT ?',
      ),
      insert: db.prepare(
        'INSERT INTO linkage_warnings (linkage, source, village, is_open, body) VALUES (?, ?, ?, 1, ?)',
      ),
      update: db.prepare(
        'UPDATE linkage_warnings SET is_open = ?, source = ?, arrival_minutes = ?, body = ? WHERE number = ?',
      ),
    }
  }

  #read(rows: readonly Stored[]): { number: number; warning: LinkageWarning }[] {
    return rows.flatMap(({ number, body }) => {
      const warning = readDocument(this.#options.db, 'linkage_warnings', number, body)
      return warning ? [{ number, warning }] : []
    })
  }

  #put(number: number, warning: LinkageWarning): void {
    const { arrivedAtMs, raisedAtMs, source } = warning
    const minutes = arrivedAtMs === undefined ? null : (arrivedAtMs - raisedAtMs) / minuteMs
    const isOpen = warning.endedAtMs === undefined ? 1 : 0
    this.#statements.update.run(isOpen, source, minutes, JSON.stringify(warning), number)
  }

  hear(row: DeskRow, rules: readonly Linkage[], atMs: number): StoredChange[] {
    if (isOwn(row)) return []
    this.#noteArrival(row, atMs)
    const changes: StoredChange[] = []
    const open = this.#read(this.#statements.ofSource.all(row.id))
    const standing = new Set<string>()
    for (const { number, warning } of open) {
      standing.add(`${warning.linkage} ${warning.village}`)
      const rule = rules.find(({ id }) => id === warning.linkage)
      if (rule !== undefined && isHigh(rule, row)) changes.push(...this.#goOn(number, warning, row, atMs))
      else changes.push(...this.#sourceOver(number, warning, rule, atMs))
    }
    for (const rule of rulesFor(rules, row)) {
      if (!isHigh(rule, row)) continue
      for (const { village, minutes } of rule.to) {
        if (standing.has(`${rule.id} ${village}`) || village === villageOf(row.box)) continue
        const known = this.#standing(rule, village, row)
        changes.push(
          ...(known
            ? this.#join(known.number, known.warning, row, atMs)
            : this.#raise(rule, village, minutes, row, atMs)),
        )
      }
    }
    return changes
  }

  /** A drill never stands for a real warning, and no real one for a drill. */
  #standing(rule: Linkage, village: string, { alarm }: DeskRow) {
    const isDrill = alarm.isDrill === true
    return this.#read(this.#statements.ofRule.all(rule.id, village)).find(
      ({ warning }) => (warning.isDrill === true) === isDrill,
    )
  }

  /**
   * A further alarm upstream while the village is warned joins the open warning. Otherwise a box could invent alarms, and each
   * would be a new warning at the desk and a new text at the loudspeakers.
   */
  #join(number: number, warning: LinkageWarning, row: DeskRow, atMs: number): StoredChange[] {
    const { source, others = [], ...standing } = warning
    const isMoreUrgent = outranks(row.alarm.colour, warning.colour)
    if (isMoreUrgent || warning.sourceOverAtMs !== undefined) {
      const next = { ...standing, source: row.id, others: withOne(others, source, row.id) }
      return this.#goOn(number, next, row, atMs, true)
    }
    if (!others.includes(row.id) && others.length < othersMax)
      this.#put(number, { ...warning, others: withOne(others, row.id) })
    return []
  }

  /** The source is over: the warning goes on for another alarm that is still high, or ends after the travel time. */
  #sourceOver(
    number: number,
    warning: LinkageWarning,
    rule: Linkage | undefined,
    atMs: number,
  ): StoredChange[] {
    if (warning.sourceOverAtMs !== undefined) return []
    const { others = [], source: _over, ...standing } = warning
    const left = others.flatMap((id) => {
      const row = this.#options.rowOf(id)
      return rule && row && isHigh(rule, row) ? [row] : []
    })
    const [first] = left.toSorted((a, b) => (outranks(a.alarm.colour, b.alarm.colour) ? -1 : 1))
    if (!first) {
      this.#put(number, { ...warning, sourceOverAtMs: atMs })
      return []
    }
    const ids = left.map(({ id }) => id).filter((id) => id !== first.id)
    return this.#goOn(number, { ...standing, source: first.id, others: ids }, first, atMs, true)
  }

  /** The own gauge of a warned village rises: the water is there, and its travel time is known. */
  #noteArrival(row: DeskRow, atMs: number): void {
    if (!isActive(row) || !outranks(row.alarm.colour, 'blue') || row.alarm.isDrill === true) return
    for (const { number, warning } of this.#read(this.#statements.ofVillage.all(villageOf(row.box)))) {
      const isLater = row.receivedAtMs >= warning.raisedAtMs && row.id !== warning.source
      if (warning.arrivedAtMs === undefined && isLater) this.#put(number, { ...warning, arrivedAtMs: atMs })
    }
  }

  #upstream(row: DeskRow): Upstream {
    return { name: this.#options.nameOf(row.box), alarm: row.alarm }
  }

  #raise(
    rule: Linkage,
    village: string,
    given: number | undefined,
    row: DeskRow,
    atMs: number,
  ): StoredChange[] {
    const { boxesOf, applyOwn, seal } = this.#options
    const minutes = given ?? learnedMinutes(this.#arrivals(rule.id, village))
    // A village whose box is gone is warned as well: under its own code.
    const box = boxesOf(village)[0] ?? village
    const key = idOf(rule.id, row.id, village, atMs)
    const { colour } = row.alarm
    const isDrill = row.alarm.isDrill === true
    const alarm: Alarm = {
      id: `upstream-water-${key}`,
      device: box,
      kind: 'upstream-water',
      colour,
      latchedColour: colour,
      state: 'unacknowledged',
      occurrences: 1,
      text: warningText(this.#upstream(row), minutes),
      ...(isDrill ? { isDrill } : {}),
    }
    const warning: LinkageWarning = {
      id: `warning-${key}`,
      linkage: rule.id,
      village,
      source: row.id,
      alarm: `${box}.${alarm.id}`,
      colour,
      raisedAtMs: atMs,
      ...(minutes === undefined ? {} : { minutes, expectedAtMs: atMs + minutes * minuteMs }),
      ...(isDrill ? { isDrill } : {}),
    }
    this.#statements.insert.run(rule.id, row.id, village, JSON.stringify(warning))
    const why = `${rule.id}: ${row.id}`
    seal({ alarm: warning.alarm, atMs, who: 'centre', what: 'linkage-warned', why })
    return applyOwn(box, 'raised', alarm, atMs)
  }

  /** The water upstream is high again, or its colour has changed: the warning follows. */
  #goOn(
    number: number,
    warning: LinkageWarning,
    row: DeskRow,
    atMs: number,
    isOther = false,
  ): StoredChange[] {
    const { sourceOverAtMs, ...standing } = warning
    const { colour } = row.alarm
    if (!isOther && sourceOverAtMs === undefined && colour === warning.colour) return []
    this.#put(number, { ...standing, colour })
    const own = this.#options.rowOf(warning.alarm)
    if (!own || own.alarm.colour === colour) return []
    const change = outranks(colour, own.alarm.colour) ? 'escalated' : 'deescalated'
    const text = warningText(this.#upstream(row), warning.minutes)
    return this.#options.applyOwn(
      own.box,
      change,
      { ...own.alarm, colour, latchedColour: colour, text },
      atMs,
    )
  }

  pass(rules: readonly Linkage[], nowMs: number): LinkagePass {
    const pass: LinkagePass = { changes: [], commands: [] }
    const open = this.#statements.open.all(this.#passed, passMax)
    this.#passed = open.length < passMax ? 0 : (open.at(-1)?.number ?? 0)
    for (const { number, warning } of this.#read(open)) {
      const source = this.#options.rowOf(warning.source)
      const rule = rules.find(({ id }) => id === warning.linkage)
      const isGone = !source || !isActive(source) || !rule
      if (isGone && warning.sourceOverAtMs === undefined) {
        pass.changes.push(...this.#sourceOver(number, warning, rule, nowMs))
        continue
      }
      const endMs = endsAtMs(warning)
      if (endMs !== undefined && endMs <= nowMs) pass.changes.push(...this.#end(number, warning, nowMs))
      else if (this.#isUnsaid(warning, rules) && source)
        this.#say(number, warning, source, rules, nowMs, pass)
    }
    return pass
  }

  #end(number: number, warning: LinkageWarning, nowMs: number): StoredChange[] {
    this.#put(number, { ...warning, endedAtMs: nowMs })
    const own = this.#options.rowOf(warning.alarm)
    if (!own || !isActive(own)) return []
    return this.#options.applyOwn(own.box, 'ended', { ...own.alarm, state: 'normal' }, nowMs)
  }

  /** A drill is shown and says nothing aloud. */
  #isUnsaid(
    { bulletin, isDrill, linkage, sourceOverAtMs }: LinkageWarning,
    rules: readonly Linkage[],
  ): boolean {
    const rule = rules.find(({ id }) => id === linkage)
    return bulletin === undefined && !isDrill && sourceOverAtMs === undefined && rule?.text !== undefined
  }

  #say(
    number: number,
    warning: LinkageWarning,
    source: DeskRow,
    rules: readonly Linkage[],
    nowMs: number,
    pass: LinkagePass,
  ): void {
    const { askBulletin, boxesOf } = this.#options
    const template = rules.find(({ id }) => id === warning.linkage)?.text ?? ''
    const text = bulletinText(template, this.#upstream(source), warning.minutes).slice(0, bulletinCharsMax)
    const by = `linkage:${warning.linkage}`
    const expiresAtMs = nowMs + commandLifeMs.bulletin
    const id = `bulletin-${idOf(warning.id)}`
    const commands = boxesOf(warning.village).map((box): DeskCommand => ({
      id: `k-${idOf(id, box)}`,
      box,
      do: 'bulletin',
      by,
      text,
      seconds: bulletinSeconds,
      state: 'waiting',
      askedAtMs: nowMs,
      expiresAtMs,
      changedAtMs: nowMs,
    }))
    const bulletin: NewBulletin = {
      id,
      text,
      villages: [warning.village],
      by,
      seconds: bulletinSeconds,
      atMs: nowMs,
      expiresAtMs,
      alarm: warning.alarm,
    }
    this.#put(number, { ...warning, bulletin: id })
    pass.changes.push(...askBulletin(bulletin, commands))
    pass.commands.push(...commands)
  }
}

const withOne = (ids: readonly string[], one: string, except?: string): string[] =>
  [...new Set([one, ...ids])].filter((id) => id !== except).slice(0, othersMax)

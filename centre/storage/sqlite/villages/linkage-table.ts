// Linkage between villages in SQLite: the rules, and one row per warning. A warning is made in the commit that stores the
// alarm upstream: neither is there without the other, and a record that comes twice warns once.
import { createHash } from 'node:crypto'
import { outranks, urgency } from '../../../../protocols/domain/colour.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import type { Alarm, AlarmChange } from '../../../../protocols/domain/alarm.ts'
import { commandLifeMs, type DeskCommand } from '../../../../protocols/desk/commands.ts'
import { bulletinCharsMax } from '../../../../protocols/desk/villages/bulletins.ts'
import type { Linkage, LinkageWarning } from '../../../../protocols/desk/villages/linkages.ts'
import { isActive, isOwn, type DeskRow } from '../../../alarms/desk-row.ts'
import {
  bulletinText,
  endsAtMs,
  followed,
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
/** Water alarms of a box that are looked at, most urgent first, before its warning falls. */
const waterMax = 200
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
      water: db.prepare<[string], { id: string; row: string }>(
        `SELECT id, row FROM alarms WHERE box = ? AND is_active = 1 AND kind = 'water'
         ORDER BY colour_rank, arrival DESC LIMIT ${waterMax}`,
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
      changes.push(...this.#follow(number, warning, rule, atMs).changes)
    }
    for (const rule of rulesFor(rules, row)) {
      if (!isHigh(rule, row)) continue
      for (const { village, minutes } of rule.to) {
        if (standing.has(`${rule.id} ${village}`) || village === villageOf(row.box)) continue
        const known = this.#standing(rule, village, row)
        changes.push(
          ...(known
            ? this.#join(known.number, known.warning, rule, row, atMs)
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
  #join(number: number, warning: LinkageWarning, rule: Linkage, row: DeskRow, atMs: number): StoredChange[] {
    const { source, others = [] } = warning
    if (others.includes(row.id)) return this.#follow(number, warning, rule, atMs).changes
    const isMoreUrgent = outranks(row.alarm.colour, warning.colour) || warning.sourceOverAtMs !== undefined
    if (!isMoreUrgent && others.length >= othersMax) return []
    const joined = isMoreUrgent
      ? { ...warning, source: row.id, others: withOne(others, source, row.id) }
      : { ...warning, others: withOne(others, row.id) }
    this.#put(number, joined)
    return this.#follow(number, joined, rule, atMs).changes
  }

  /** The alarms that the warning stands for and that are high, the most urgent first and the source before its equals. */
  #live({ source, others = [], isDrill }: LinkageWarning, rule: Linkage): DeskRow[] {
    return [source, ...others]
      .flatMap((id) => this.#options.rowOf(id) ?? [])
      .filter((row) => isHigh(rule, row) && (row.alarm.isDrill === true) === (isDrill === true))
      .toSorted(byUrgency)
  }

  /** The most urgent alarm of the rule, where `others` may have had no room for it. */
  #forgotten({ isDrill }: LinkageWarning, rule: Linkage): DeskRow | undefined {
    const { place } = rule.from
    const boxes = new Set([place, ...this.#options.boxesOf(place)])
    return [...boxes]
      .flatMap((box) => this.#statements.water.all(box))
      .flatMap(({ id, row }) => readDocument(this.#options.db, 'alarms', id, row) ?? [])
      .filter((row) => rulesFor([rule], row).length > 0 && isHigh(rule, row))
      .filter(({ alarm }) => (alarm.isDrill === true) === (isDrill === true))
      .toSorted(byUrgency)[0]
  }

  /** The warning follows the level upstream: up at once, down only when the water has passed. */
  #follow(
    number: number,
    warning: LinkageWarning,
    rule: Linkage | undefined,
    atMs: number,
  ): { next: LinkageWarning; changes: StoredChange[] } {
    const { colour, fellAtMs, sourceOverAtMs } = warning
    const live = rule ? this.#live(warning, rule) : []
    let [top] = live
    const isLower = !top || (outranks(colour, top.alarm.colour) && fellAtMs?.[colour] === undefined)
    if (rule && isLower && sourceOverAtMs === undefined) top = this.#forgotten(warning, rule) ?? top
    const followedOn = followed(warning, top?.alarm.colour, atMs)
    const next = top && top.id !== warning.source ? withSource(followedOn, top.id, live) : followedOn
    if (JSON.stringify(next) === JSON.stringify(warning)) return { next, changes: [] }
    this.#put(number, next)
    return { next, changes: this.#recolour(next, top ?? this.#options.rowOf(next.source), atMs) }
  }

  /** The own alarm takes the colour of its warning. */
  #recolour(warning: LinkageWarning, upstream: DeskRow | undefined, atMs: number): StoredChange[] {
    const { colour, minutes } = warning
    const own = this.#options.rowOf(warning.alarm)
    if (!own || !isActive(own) || own.alarm.colour === colour) return []
    const change = outranks(colour, own.alarm.colour) ? 'escalated' : 'deescalated'
    const text = upstream ? warningText(this.#upstream(upstream), minutes) : own.alarm.text
    const alarm = { ...own.alarm, colour, latchedColour: colour, text }
    return this.#options.applyOwn(own.box, change, alarm, atMs)
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

  pass(rules: readonly Linkage[], nowMs: number): LinkagePass {
    const pass: LinkagePass = { changes: [], commands: [] }
    const open = this.#statements.open.all(this.#passed, passMax)
    this.#passed = open.length < passMax ? 0 : (open.at(-1)?.number ?? 0)
    for (const { number, warning } of this.#read(open)) {
      const rule = rules.find(({ id }) => id === warning.linkage)
      const source = this.#options.rowOf(warning.source)
      if (!isSteady(warning, rule, source)) {
        const { next, changes } = this.#follow(number, warning, rule, nowMs)
        pass.changes.push(...changes)
        const endMs = endsAtMs(next)
        if (endMs !== undefined && endMs <= nowMs) pass.changes.push(...this.#end(number, next, nowMs))
      } else if (source && this.#isUnsaid(warning, rules))
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

const byUrgency = (a: DeskRow, b: DeskRow): number => urgency(a.alarm.colour) - urgency(b.alarm.colour)

/** The source is as high as the warning says, and nothing above it is on its way. */
const isSteady = (
  { colour, fellAtMs, sourceOverAtMs }: LinkageWarning,
  rule: Linkage | undefined,
  source: DeskRow | undefined,
): boolean =>
  rule !== undefined &&
  source !== undefined &&
  isHigh(rule, source) &&
  source.alarm.colour === colour &&
  fellAtMs === undefined &&
  sourceOverAtMs === undefined

function withSource(warning: LinkageWarning, source: string, live: readonly DeskRow[]): LinkageWarning {
  const others = live.map(({ id }) => id).filter((id) => id !== source)
  return { ...warning, source, others: others.slice(0, othersMax) }
}

// The commands table: the commands to boxes, who sent each, and its state. Rows are kept as the record of it.
import type { Scope } from '../../../protocols/desk/scope.ts'
import type { NarrowScope } from './scope-boxes.ts'
import { inScopeSql, scopeColumn } from './scope-column.ts'
import type { DeskCommand, DeskCommandState } from '../../../protocols/desk/commands.ts'
import type { TrailEntry } from '../../cases/trail.ts'
import { immediately, type Sqlite } from './database.ts'
import { readDocument } from './documents.ts'
import type { CommandMessage, CommandStep, MovedCommand, StoredChange } from '../port.ts'

/** Commands kept; the oldest finished ones are deleted. The trail keeps all. */
export const commandsKept = 100_000

interface Stored {
  number: number
  body: string
}

/** The allowed next states: an answer is final, and a box that was silent may still answer. */
const steps: Readonly<Record<DeskCommandState, readonly DeskCommandState[]>> = {
  waiting: ['sent', 'received', 'done', 'refused', 'failed', 'expired'],
  sent: ['received', 'done', 'refused', 'failed', 'expired', 'unanswered'],
  received: ['received', 'done', 'refused', 'failed', 'expired', 'unanswered'],
  unanswered: ['received', 'done', 'refused', 'failed', 'expired'],
  done: [],
  refused: [],
  failed: [],
  expired: [],
}

export function createCommandWriter(
  db: Sqlite,
  logChange: (message: CommandMessage) => StoredChange,
  seal: (entry: TrailEntry) => void,
) {
  const insert = db.prepare('INSERT INTO commands (id, box, is_open, body) VALUES (?, ?, 1, ?)')
  const select = db.prepare<[string], Stored>('SELECT number, body FROM commands WHERE id = ?')
  const update = db.prepare('UPDATE commands SET is_open = ?, body = ? WHERE number = ?')
  const prune = db.prepare('DELETE FROM commands WHERE number <= ? AND is_open = 0')
  return {
    /** The trail of its alarm, or of the box, records who sent which command. */
    askCommand: immediately(db, (command: DeskCommand): StoredChange[] => {
      const { lastInsertRowid } = insert.run(command.id, command.box, JSON.stringify(command))
      prune.run(Number(lastInsertRowid) - commandsKept)
      const { box, alarm = `box ${box}`, askedAtMs: atMs, by: who, do: what, id, why } = command
      seal({
        alarm,
        atMs,
        who,
        what: 'commanded',
        why: `${what} ${id}${why === undefined ? '' : `: ${why}`}`,
      })
      return [logChange({ type: 'command.asked', command })]
    }),

    /** Undefined when the box has no such command or it can not enter that state any more. */
    moveCommand: immediately(
      db,
      (box: string, id: string, step: CommandStep, isOpen: boolean): MovedCommand | undefined => {
        const stored = select.get(id)
        const before = stored && readDocument(db, 'commands', stored.number, stored.body)
        if (!stored || before?.box !== box || !steps[before.state].includes(step.state)) return undefined
        const { reason: _old, ...rest } = before
        const command: DeskCommand = { ...rest, ...step }
        // A box that is asked again sends the same answer.
        if (JSON.stringify({ ...command, changedAtMs: 0 }) === JSON.stringify({ ...before, changedAtMs: 0 }))
          return { command: before, changes: [] }
        update.run(isOpen ? 1 : 0, JSON.stringify(command), stored.number)
        return { command, changes: [logChange({ type: `command.${step.state}`, command })] }
      },
    ),

    /** Its outcome will not be asked for any more. */
    closeCommand: immediately(db, (id: string): void => {
      const stored = select.get(id)
      if (stored) update.run(0, stored.body, stored.number)
    }),
  }
}

export function createCommandReader(db: Sqlite, narrow: NarrowScope) {
  const all = db.prepare<[string | null, string | null, number], Stored>(
    `SELECT number, body FROM commands WHERE ${inScopeSql('box')} ORDER BY number DESC LIMIT ?`,
  )
  const ofBoxes = db.prepare<[string, number], Stored>(
    `SELECT number, body FROM commands WHERE number IN (SELECT number FROM commands
       WHERE box IN (SELECT value FROM json_each(?)) ORDER BY number DESC LIMIT ?) ORDER BY number DESC`,
  )
  const ofBox = db.prepare<[string, number], Stored>(
    'SELECT number, body FROM commands WHERE box = ? ORDER BY number DESC LIMIT ?',
  )
  const open = db.prepare<[], Stored>('SELECT number, body FROM commands WHERE is_open = 1 ORDER BY number')
  const parsed = ({ number, body }: Stored): DeskCommand[] => {
    const command = readDocument(db, 'commands', number, body)
    return command ? [command] : []
  }
  return {
    commands: ({
      box,
      limit,
      scope,
    }: {
      box?: string | undefined
      limit: number
      scope?: Scope | undefined
    }): DeskCommand[] => {
      if (box !== undefined) return ofBox.all(box, limit).flatMap(parsed)
      const [only, boxes] = [scopeColumn(scope), narrow(scope)]
      const rows = boxes === undefined ? all.all(only, only, limit) : ofBoxes.all(boxes, limit)
      return rows.flatMap(parsed)
    },
    openCommands: (): DeskCommand[] => open.all().flatMap(parsed),
  }
}

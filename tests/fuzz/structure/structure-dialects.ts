// Messages of devices that people can buy, mutated node by node: what the recorded conversations of every dialect say, taken through the
// dialect and the intake to a real journal. Used small in the tests and large in the campaign.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { DialectIntake } from '../../../gateway/dialects/box/dialect-intake.ts'
import type { SenderSettings } from '../../../gateway/dialects/box/senders.ts'
import { resultStorageOf } from '../../../gateway/wiring/dialects/result-storage-of.ts'
import { lanes } from '../../../protocols/domain/colour.ts'
import type { ResultStorage } from '../../../gateway/dialects/box/result-storage.ts'
import { message, openBox, stored, type Box } from '../../faults/box-without-broker.ts'
import type { Mutation } from './structural-mutations.ts'
import { faultsOfRecord } from './structure-device.ts'

const folder = join(import.meta.dirname, '../../../protocols/vectors/dialects')

/** One line of a recorded conversation whose payload is JSON. */
export interface DialectLine {
  sender: string
  topic: string
  payload: unknown
}

interface Vectors {
  dialect: string
  settings?: object
  conversations: { settings?: object; lines: { topic: string; payload?: string }[] }[]
}

function parsed(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function readConversations(): { senders: SenderSettings[]; lines: DialectLine[] } {
  const senders = new Map<string, SenderSettings>()
  const lines: DialectLine[] = []
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  )
  for (const file of files.toSorted()) {
    const { dialect, settings, conversations } = JSON.parse(
      readFileSync(join(folder, file), 'utf8'),
    ) as Vectors
    for (const conversation of conversations) {
      const own = { dialect, isDevice: false, ...settings, ...conversation.settings }
      const key = JSON.stringify(own)
      const sender = senders.get(key) ?? { id: `bridge-${senders.size}`, ...own }
      senders.set(key, sender)
      for (const { topic, payload } of conversation.lines) {
        const body = parsed(payload)
        if (body) lines.push({ sender: sender.id, topic, payload: body })
      }
    }
  }
  return { senders: [...senders.values()], lines }
}

export interface DialectMutation extends Mutation {
  line: DialectLine
}

/** A box without its sockets, with every sender of the recorded conversations. */
export class DialectStructureTarget {
  readonly lines: readonly DialectLine[]
  /** Why messages were stored raw. */
  readonly problems = new Set<string>()
  readonly #senders: readonly SenderSettings[]
  readonly #folder = mkdtempSync(join(tmpdir(), 'gengfu-structure-dialects-'))
  #box: Box | undefined
  #parts: { intake: DialectIntake; keeper: ResultStorage } | undefined
  #faults: string[] = []
  #pressed = 0

  constructor() {
    const { senders, lines } = readConversations()
    this.#senders = senders
    this.lines = lines
  }

  async start(): Promise<void> {
    const box = await openBox(this.#folder)
    this.#box = box
    const keeper = resultStorageOf(box.intake, box.journal)
    const watched: ResultStorage = {
      ...keeper,
      keepUnreadable: (raw, problem) => {
        // A dialect throws nothing: it names input that it can not read.
        if (/^the dialect \S+ failed/.test(problem)) this.#faults.push(problem)
        this.problems.add(problem)
        return keeper.keepUnreadable(raw, problem)
      },
    }
    const intake = new DialectIntake({
      senders: this.#senders,
      devices: [],
      keeper: watched,
      steadyMs: () => performance.now(),
      logger: pino({ level: 'silent' }),
      metrics: new Registry(),
    })
    this.#parts = { intake, keeper: watched }
  }

  get parts(): { intake: DialectIntake; keeper: ResultStorage } {
    if (!this.#parts) throw new Error('start it first')
    return this.#parts
  }

  /** The id of the first sender in this dialect. */
  senderOf(dialect: string): string {
    return this.#senders.find((sender) => sender.dialect === dialect)?.id ?? ''
  }

  /** Every message is acknowledged, and so is the honest press behind them. */
  async take(batch: readonly DialectMutation[]): Promise<string[]> {
    const { intake } = this.#boxOf()
    const taken = batch.map(async ({ line, text, what }) => {
      const before = this.#faults.length
      const problem = await this.#say(line, text)
      const failed = this.#faults.length > before ? ` (${this.#faults.at(-1)})` : ''
      return problem === undefined && failed === ''
        ? []
        : [`${line.sender} ${line.topic}: ${what}: ${problem ?? 'kept raw'}${failed}`]
    })
    const press = intake.accept(message('honest-1', `1-${++this.#pressed}`, { button: 'pressed' }))
    const faults = (await Promise.all(taken)).flat()
    await press.catch((error: Error) => faults.push(`an honest press was not kept: ${error.message}`))
    return faults
  }

  #say({ sender, topic }: DialectLine, text: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      try {
        const incoming = { topic, payload: Buffer.from(text), isRetained: false }
        this.parts.intake.take(sender, incoming, {
          kept: () => resolve(undefined),
          refused: (error) => resolve(error.message),
        })
      } catch (error) {
        resolve(`thrown: ${error instanceof Error ? (error.stack ?? error.message) : 'no error'}`)
      }
    })
  }

  /** Starts again over the same journal; returns what is wrong with its records. */
  async restart(): Promise<string[]> {
    await this.#stop()
    await this.start()
    const faults: string[] = []
    let presses = 0
    for (const lane of lanes)
      for (const record of await stored(this.#boxOf().journal, lane)) {
        if (record.type === 'event' && record.device === 'honest-1') presses++
        faults.push(...faultsOfRecord(record))
      }
    if (presses !== this.#pressed)
      faults.push(`${presses} of ${this.#pressed} honest presses are in the journal`)
    return faults
  }

  async end(): Promise<void> {
    await this.#stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #stop(): Promise<void> {
    await this.#box?.intake.stop()
    await this.#box?.journal.close()
  }

  #boxOf(): Box {
    if (!this.#box) throw new Error('start it first')
    return this.#box
  }
}

// Messages of a hostile device and of a hostile centre, mutated node by node, through the whole box: parsed, judged,
// committed to a real journal, read back. Used small in the tests and large in the campaign.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArrivedReport } from '../../../centre/receiver/parse-arrived.ts'
import { lanes } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { message, openBox, stored, type Box } from '../../faults/box-without-broker.ts'

export const deviceEvent = {
  id: '7-42',
  button: 'pressed',
  contact: 'open',
  motion: true,
  waterLevelMm: 1200,
  temperatureC: 21.5,
  batteryPercent: 87,
  signalDbm: -61,
  atMs: 1_764_000_000_000,
}
export const deviceResult = { id: 'c-17', ok: false, error: 'no power', details: [{ code: 3 }] }

/**
 * Hidden characters in a record's JSON. An escape after an even number of backslashes is one; after an odd number it is
 * readable text, as in the parts of a device's JSON that were set aside.
 */
export const hidden = /(?<!\\)(?:\\\\)*\\u00[01]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** Why the centre would refuse this record for ever, or what a person can not see in it. */
export function faultsOfRecord(record: JournalRecord): string[] {
  const text = JSON.stringify(record)
  const faults = hidden.test(text) ? [`hidden characters: ${text.slice(0, 300)}`] : []
  const report = Buffer.from(
    `{"v":1,"epoch":"abcdef0123456789","lane":"routine","first":1,"records":[${text}]}`,
  )
  const parsed = parseArrivedReport('box-a', 'routine', report)
  const isRead = parsed.ok && parsed.value.report.records.length === 1 && parsed.value.faulty === undefined
  return isRead ? faults : [...faults, `the centre does not read it: ${text.slice(0, 300)}`]
}

const hostile = 'hostile-1'
const honest = 'honest-1'

/** A box without its sockets. */
export class DeviceStructureTarget {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gengfu-structure-device-'))
  #box: Box | undefined
  #pressed = 0

  async start(): Promise<void> {
    this.#box = await openBox(this.#folder)
  }

  /** Every message is acknowledged, in quarantine or as a record, and so is the honest press after them. */
  async take(texts: readonly string[], channel: 'event' | 'result'): Promise<string[]> {
    const { intake } = this.#of()
    const topic = `gengfu/v1/${hostile}/${channel}`
    const taken = texts.map(async (text) => {
      try {
        await intake.accept({ device: hostile, topic, payload: Buffer.from(text) })
        return []
      } catch (error) {
        return [`not kept: ${error instanceof Error ? error.message : 'thrown'}: ${text.slice(0, 200)}`]
      }
    })
    const press = intake.accept(message(honest, `1-${++this.#pressed}`, { button: 'pressed' }))
    const faults = (await Promise.all(taken)).flat()
    return press.then(
      () => faults,
      (error: Error) => [...faults, `an honest press was not kept: ${error.message}`],
    )
  }

  /** Starts again over the same journal; returns the errors in its content. */
  async restart(): Promise<string[]> {
    const before = this.#of()
    await before.intake.stop()
    await before.journal.close()
    this.#box = await openBox(this.#folder)
    const faults: string[] = []
    let presses = 0
    for (const lane of lanes)
      for (const record of await stored(this.#of().journal, lane)) {
        if (record.type === 'event' && record.device === honest) presses++
        if (record.type === 'log' && record.what === 'command-result' && record.facts?.device !== hostile)
          faults.push(`a result under another device: ${JSON.stringify(record.facts).slice(0, 200)}`)
        faults.push(...faultsOfRecord(record))
      }
    if (presses !== this.#pressed)
      faults.push(`${presses} of ${this.#pressed} honest presses are in the journal`)
    return faults
  }

  async end(): Promise<void> {
    await this.#box?.intake.stop()
    await this.#box?.journal.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #of(): Box {
    if (!this.#box) throw new Error('start it first')
    return this.#box
  }
}

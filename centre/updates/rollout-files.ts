// The plan and the progress of a release as two small files, each with one writer: a person's command or request writes the plan, the
// running centre the progress. A restart, a backup or a hand in the folder finds both as they were.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { replaceFileSync } from '../../platform/replace-file.ts'
import {
  rolloutPlanSchema,
  rolloutProgressSchema,
  type RolloutPlan,
  type RolloutProgress,
} from '../../protocols/desk/updates.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'

/** 50,000 boxes with a reason each. */
const fileBytesMax = 32 * 1024 * 1024

export class RolloutFiles {
  readonly #folder: string

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'updates')
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
  }

  get plan(): RolloutPlan | undefined {
    return this.#read('plan.json', rolloutPlanSchema)
  }

  set plan(plan: RolloutPlan) {
    this.#write('plan.json', plan)
  }

  get progress(): RolloutProgress | undefined {
    return this.#read('progress.json', rolloutProgressSchema)
  }

  set progress(progress: RolloutProgress) {
    this.#write('progress.json', progress)
  }

  /** Undefined where it is not there; throws when it is there and can not be used. */
  #read<T>(name: string, schema: z.ZodType<T>): T | undefined {
    const file = join(this.#folder, name)
    let bytes: Buffer
    try {
      bytes = readFileSync(file)
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return undefined
      throw error
    }
    const json = parseJson(bytes, fileBytesMax)
    const parsed = json.ok ? fromZod(schema, json.value) : json
    if (parsed.ok) return parsed.value
    throw new Error(`${file} can not be used: ${parsed.problems[0]?.path} ${parsed.problems[0]?.message}`)
  }

  #write(name: string, value: object): void {
    replaceFileSync(join(this.#folder, name), `${JSON.stringify(value)}\n`, 0o600)
  }
}

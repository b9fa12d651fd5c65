// The plan and the progress of a release, or of a setting that is changed on many boxes, as two small files, each with one writer: a person's command or request writes the plan, the
// running centre the progress. A restart, a backup or a hand in the folder finds both as they were.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'
import {
  rolloutPlanSchema,
  rolloutProgressSchema,
  type RolloutPlan,
  type RolloutProgress,
} from '../../protocols/desk/updates.ts'
import { settingPlanSchema, type SettingPlan } from '../../protocols/desk/fleet/setting-waves.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'

/** 50,000 boxes with a reason each. */
const fileBytesMax = 32 * 1024 * 1024

export class RolloutFiles<Plan extends RolloutPlan = RolloutPlan> {
  readonly #folder: string
  readonly #planSchema: z.ZodType<Plan>

  private constructor(folder: string, planSchema: z.ZodType<Plan>) {
    this.#folder = folder
    this.#planSchema = planSchema
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
  }

  /** Releases of the program. */
  static ofReleases(dataDir: string): RolloutFiles {
    return new RolloutFiles(join(dataDir, 'updates'), rolloutPlanSchema)
  }

  /** Changes of a setting. */
  static ofSettings(dataDir: string): RolloutFiles<SettingPlan> {
    return new RolloutFiles(join(dataDir, 'settings'), settingPlanSchema)
  }

  get plan(): Plan | undefined {
    return this.#read('plan.json', this.#planSchema)
  }

  set plan(plan: Plan) {
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

// The `commands` section of the gateway's configuration: what the box lets its centre do. What takes protection away
// (disarm, bypass, shelve), reaches any device, or changes the box is not allowed unless the box's owner says so.
import { z } from 'zod'
import { commandKinds, runSecondsMax } from '../../protocols/uplink/command.ts'

/** Sections of the configuration that a centre may be allowed to change. None leads out of the box or opens it. */
export const changeableSections = ['zones', 'devices', 'rules', 'limits', 'pictures', 'logLevel'] as const
export type ChangeableSection = (typeof changeableSections)[number]

export const commandSettingsSchema = z.strictObject({
  allow: z
    .array(z.enum(commandKinds))
    .max(commandKinds.length)
    .default(['arm', 'siren', 'snapshot', 'burst']),
  /** `alarm`: a picture on request only for an alarm that stands in the camera's zone; `always`: at any time. */
  snapshots: z.enum(['alarm', 'always']).default('alarm'),
  /** A longer run is cut to this. */
  sirenSecondsMax: z.number().int().min(1).max(runSecondsMax).default(180),
  /** Sections that `config` may change. */
  sections: z
    .array(z.enum(changeableSections))
    .max(changeableSections.length)
    .default(['zones', 'devices', 'rules', 'limits']),
  /** A changed configuration with which the centre is not reached within this is taken back. */
  trialSeconds: z.number().int().min(10).max(3600).default(300),
  /** Program of the box that is called with the version as its only argument; without it there is no `update`. */
  updaterFile: z.string().min(1).optional(),
})

export type CommandSettings = z.infer<typeof commandSettingsSchema>

// The `commands` section of the gateway's configuration: what the centre may do on the box. Commands that remove
// protection (disarm, bypass, shelve), reach any device, or change the box are forbidden unless the box's owner allows
// them.
import { z } from 'zod'
import { commandKinds, runSecondsMax } from '../../protocols/uplink/command.ts'

/**
 * Sections of the configuration that a centre may be allowed to change. None of them leads out of the box or opens it.
 */
export const changeableSections = ['zones', 'devices', 'rules', 'limits', 'pictures', 'logLevel'] as const
export type ChangeableSection = (typeof changeableSections)[number]

export const commandSettingsSchema = z.strictObject({
  allow: z
    .array(z.enum(commandKinds))
    .max(commandKinds.length)
    .default(['arm', 'siren', 'snapshot', 'burst', 'bulletin', 'support', 'console']),
  /** `alarm`: a picture on request only while an alarm is active in the camera's zone; `always`: at any time. */
  snapshots: z.enum(['alarm', 'always']).default('alarm'),
  /** A longer run is cut to this. */
  sirenSecondsMax: z.number().int().min(1).max(runSecondsMax).default(180),
  /** Sections that `config` may change. */
  sections: z
    .array(z.enum(changeableSections))
    .max(changeableSections.length)
    .default(['zones', 'devices', 'rules', 'limits']),
  /** If the centre is not reached within this time, a changed configuration is reverted. */
  trialSeconds: z.number().int().min(10).max(3600).default(300),
})

export type CommandSettings = z.infer<typeof commandSettingsSchema>

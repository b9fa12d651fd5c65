// A script of events for the devices of a village over time, as YAML or as data.
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { buttonPresses } from '../../protocols/domain/reading.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { bad, type Result } from '../../protocols/kit/result.ts'
import type { Village } from './village.ts'

export const scenarioStepsMax = 10_000

const seconds = z
  .number()
  .min(0)
  .max(31 * 86_400)
const when = { at: seconds }
const one = { ...when, device: z.string() }
/** One device, or `all`. */
const some = { ...when, device: z.string().default('all') }

const stepSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('press'), ...one, how: z.enum(buttonPresses).default('pressed') }),
  z.strictObject({ do: z.literal('open'), ...one }),
  z.strictObject({ do: z.literal('close'), ...one }),
  z.strictObject({ do: z.literal('tamper'), ...one }),
  z.strictObject({
    do: z.literal('flood'),
    ...one,
    peakMm: z.number().min(0).max(20_000),
    riseSeconds: seconds,
  }),
  z.strictObject({ do: z.literal('spike'), ...one, byMm: z.number().min(-20_000).max(20_000) }),
  z.strictObject({ do: z.literal('report'), ...some }),
  z.strictObject({ do: z.literal('reboot'), ...some }),
  z.strictObject({ do: z.literal('cut-power'), ...some }),
  z.strictObject({ do: z.literal('power-on'), ...some }),
])
export type ScenarioStep = z.infer<typeof stepSchema>

/** `at` in seconds since the start. Steps of the same second run in the order written. */
export const scenarioSchema = z.strictObject({
  name: z.string().max(200).optional(),
  steps: z.array(stepSchema).min(1).max(scenarioStepsMax),
})
export type Scenario = z.infer<typeof scenarioSchema>

export function parseScenario(text: string): Result<Scenario> {
  try {
    return fromZod(scenarioSchema as z.ZodType<Scenario>, parseYaml(text))
  } catch (error) {
    return bad(`not YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Checks every device name at once, then runs the steps on the village's clock; the returned function cancels the rest. */
export function runScenario(
  village: Village,
  scenario: Scenario,
  onStep?: (step: ScenarioStep) => void,
): () => void {
  for (const { device } of scenario.steps) if (device !== 'all') village.member(device)
  const cancels = scenario.steps.map((step) =>
    village.clock.after(step.at * 1000, () => {
      takeStep(village, step)
      onStep?.(step)
    }),
  )
  return () => {
    for (const cancel of cancels) cancel()
  }
}

function takeStep(village: Village, step: ScenarioStep): void {
  switch (step.do) {
    case 'press':
      village.press(step.device, step.how)
      return
    case 'open':
      village.door(step.device).open()
      return
    case 'close':
      village.door(step.device).close()
      return
    case 'tamper':
      village.door(step.device).tamper()
      return
    case 'flood':
      village.water(step.device).flood(step.peakMm, Math.max(1, step.riseSeconds) * 1000)
      return
    case 'spike':
      village.water(step.device).spike(step.byMm)
      return
    default:
      for (const { device } of step.device === 'all' ? village.members : [village.member(step.device)]) {
        if (step.do === 'report') device.report()
        else if (step.do === 'reboot') device.reboot()
        else if (step.do === 'cut-power') device.cutPower()
        else device.start()
      }
  }
}

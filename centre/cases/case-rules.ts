// The town's rules for cases that a supervisor changes at the desk: they stand before those of the configuration file. Pure.
import type { CaseRules } from '../../protocols/desk/leading/case-rules.ts'
import { caseSteps } from '../../protocols/domain/step-limits.ts'
import type { PolicySettings } from './case-policy.ts'

/** What the desk has set, and below it what the file says. */
export function rulesInForce(file: PolicySettings, rules: CaseRules): PolicySettings {
  const { limitsMs = {}, redAcceptances, reopenAt, mustReport } = rules
  const steps = caseSteps.flatMap((step) => {
    const byColour = { ...file.limitsMs?.[step], ...limitsMs[step] }
    return Object.keys(byColour).length > 0 ? [[step, byColour] as const] : []
  })
  return {
    ...file,
    limitsMs: Object.fromEntries(steps),
    ...(redAcceptances === undefined ? {} : { redAcceptances }),
    ...(reopenAt === undefined ? {} : { reopenAt }),
    ...(mustReport === undefined ? {} : { mustReport }),
  }
}

// The part of `gengfu check` about certificates: those in use, and when they end.
import { existsSync, readFileSync } from 'node:fs'
import { parseAuthorities } from '../../../platform/certificates/certificate-check.ts'
import { commonNameOf } from '../../../platform/certificates/certificate-files.ts'
import { faultsOfVitals } from '../../../protocols/health/vitals-faults.ts'
import { programEarliestMs } from '../../clock/clock-bounds.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { certificateFilesOf } from '../../health/box-watch.ts'
import { wrongCertificates } from '../../health/file-findings.ts'
import type { CheckReport } from './check-report.ts'
import type { CheckWorld } from './check-world.ts'

/** Every certificate in use, and whether keys and names match. */
export function checkCertificates(config: GatewayConfig, { wallMs }: CheckWorld): CheckReport {
  const wrong = wrongCertificates(config, wallMs > programEarliestMs ? wallMs : undefined)
  const reports = certificateFilesOf(config).map((file) => endOf(file, wallMs))
  return {
    faults: [...wrong, ...reports.flatMap(({ faults }) => faults)],
    notes: reports.flatMap(({ notes }) => notes),
  }
}

/** The certificate in a file that expires first; one that has expired is named above. */
function endOf(file: string, wallMs: number): CheckReport {
  const nothing: CheckReport = { faults: [], notes: [] }
  if (!existsSync(file)) return nothing
  try {
    const [first] = parseAuthorities(readFileSync(file, 'utf8'))
      .map((one) => ({ holder: commonNameOf(one) ?? file, endsAtMs: Date.parse(one.validTo) }))
      .toSorted((one, other) => one.endsAtMs - other.endsAtMs)
    if (!first || first.endsAtMs < wallMs) return nothing
    const faults = faultsOfVitals({ version: '', certificate: first }, { nowMs: wallMs })
    if (faults.length > 0) return { faults, notes: [] }
    const until = new Date(first.endsAtMs).toISOString().slice(0, 10)
    const note = {
      grade: 'good' as const,
      zh: `${file} 有效期至 ${until}`,
      en: `${file} is valid until ${until}.`,
    }
    return { faults: [], notes: [note] }
  } catch {
    return nothing
  }
}

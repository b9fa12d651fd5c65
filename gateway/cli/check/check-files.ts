// The part of `gengfu check` about files: certificates, secrets, and parts of the configuration that lead nowhere.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { parseAuthorities } from '../../../platform/certificates/certificate-check.ts'
import {
  commonNameOf,
  checkCertificateFiles,
  type CertificateFiles,
} from '../../../platform/certificates/certificate-files.ts'
import type { Fault } from '../../../protocols/health/faults.ts'
import { faultsOfVitals } from '../../../protocols/health/vitals-faults.ts'
import { programEarliestMs } from '../../clock/clock-bounds.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { readTakenOver } from '../../config/enrolment/taken-over.ts'
import { findDanglingReferences } from '../../config/dangling-references.ts'
import { certificateFilesOf } from '../../health/box-watch.ts'
import type { CheckReport } from './check-report.ts'
import type { CheckWorld } from './check-world.ts'

/** Every certificate in use, and whether keys and names match. */
export function checkCertificates(config: GatewayConfig, { wallMs }: CheckWorld): CheckReport {
  const { uplink, mqtt, box } = config
  const all: CertificateFiles[] = mqtt.listeners.flatMap(({ tls }, i) =>
    tls ? [{ path: `mqtt.listeners.${i}.tls`, ...tls }] : [],
  )
  if (uplink) all.push({ path: 'uplink', ...uplink, name: box.id })
  const nowMs = wallMs > programEarliestMs ? wallMs : undefined
  const wrong = all
    .flatMap((files) => checkCertificateFiles(files, nowMs))
    .map(({ path, message }): Fault => ({
      code: 'certificate-wrong',
      grade: 'act',
      about: path,
      facts: { path, why: message },
    }))
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

/** Files of secrets that are named and not there. */
export function checkSecrets(config: GatewayConfig): Fault[] {
  const faults: Fault[] = []
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) return value.forEach((inner, at) => walk(inner, `${path}.${at}`))
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      const at = path === '' ? key : `${path}.${key}`
      const isFile = key.endsWith('File') && typeof inner === 'string'
      // Certificates and their keys have a look of their own.
      if (!isFile || /^(cert|key|ca|crl)File$/.test(key)) walk(inner, at)
      else if (!isReadable(inner))
        faults.push({ code: 'secret-missing', grade: 'watch', about: at, facts: { path: at, file: inner } })
    }
  }
  walk(config, '')
  return faults
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

export function checkLooseEnds(config: GatewayConfig): Fault[] {
  const idle = findDanglingReferences(config).map(({ path, message }): Fault => ({
    code: 'config-idle',
    grade: 'watch',
    about: path,
    facts: { path, why: message },
  }))
  const takenOver = readTakenOver(config.dataDir)
  const devices = takenOver?.sections['devices']
  const isLost = Array.isArray(devices) && devices.length > 0 && config.devices.length === 0
  const why = 'what was taken over from the box before does not fit this file 接管的配置与本文件不符'
  return isLost
    ? [...idle, { code: 'config-idle', grade: 'watch', about: 'devices', facts: { path: 'devices', why } }]
    : idle
}

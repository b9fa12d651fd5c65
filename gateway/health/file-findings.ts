// Faults in the files of the box: certificates that do not fit, secrets that are missing, parts of the configuration that lead nowhere.
import { accessSync, constants } from 'node:fs'
import {
  checkCertificateFiles,
  type CertificateFiles,
} from '../../platform/certificates/certificate-files.ts'
import { namedFilesOf } from '../../platform/strangers/insecure-settings.ts'
import type { UnregisteredDevice, HealthFinding } from '../../protocols/console/api.ts'
import type { Fault } from '../../protocols/health/faults.ts'
import type { GatewayConfig } from '../config/config.ts'
import { findDanglingReferences } from '../config/checks/dangling-references.ts'
import { readTakenOver } from '../config/enrolment/taken-over.ts'

/** Files are read again this often. */
const readEveryMs = 300_000

/** `nowMs`: undefined without the right date. */
export function wrongCertificates({ uplink, mqtt, box }: GatewayConfig, nowMs: number | undefined): Fault[] {
  const all: CertificateFiles[] = mqtt.listeners.flatMap(({ tls }, i) =>
    tls ? [{ path: `mqtt.listeners.${i}.tls`, ...tls }] : [],
  )
  if (uplink) all.push({ path: 'uplink', ...uplink, name: box.id })
  return all
    .flatMap((files) => checkCertificateFiles(files, nowMs))
    .map(({ path, message }) => ({
      code: 'certificate-wrong',
      grade: 'act',
      about: path,
      facts: { path, why: message },
    }))
}

/** Files of secrets that are named and not there. */
export function missingSecrets(config: GatewayConfig): Fault[] {
  // Certificates and their keys have a look of their own.
  return namedFilesOf(config)
    .filter(({ path, file }) => !/(^|\.)(cert|key|ca|crl)File$/.test(path) && !isReadable(file))
    .map(({ path, file }) => ({ code: 'secret-missing', grade: 'watch', about: path, facts: { path, file } }))
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

export function looseEnds(config: GatewayConfig): Fault[] {
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

/** Devices that the broker refuses, with the reason. */
export const refusedDevices = (knocking: readonly UnregisteredDevice[]): Fault[] =>
  knocking.flatMap(({ address, refused }): Fault[] =>
    refused
      ? [
          {
            code: 'device-refused',
            grade: 'watch',
            about: address,
            facts: { device: address, why: refused.en },
          },
        ]
      : [],
  )

export interface BoxFindingsOptions {
  config: GatewayConfig
  monotonicMs: () => number
  /** Undefined without the right date. */
  wallMs: () => number | undefined
  knocking: () => readonly UnregisteredDevice[]
}

/** The same findings for the health page and for the town. */
export class BoxFindings {
  readonly #options: BoxFindingsOptions
  #ofFiles: Fault[] = []
  #readAtMs = Number.NEGATIVE_INFINITY

  constructor(options: BoxFindingsOptions) {
    this.#options = options
  }

  read(): HealthFinding[] {
    const { config, monotonicMs, wallMs, knocking } = this.#options
    const nowMs = monotonicMs()
    if (nowMs - this.#readAtMs >= readEveryMs) {
      this.#readAtMs = nowMs
      this.#ofFiles = [
        ...wrongCertificates(config, wallMs()),
        ...missingSecrets(config),
        ...looseEnds(config),
      ]
    }
    return [...this.#ofFiles, ...refusedDevices(knocking())].map(({ code, about, facts }) => ({
      code,
      ...(about === undefined ? {} : { about }),
      facts: { ...facts },
    }))
  }
}

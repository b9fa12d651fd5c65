// Reads the centre's YAML file; also used by `gengfu check-config`.
import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { cannotRead, checkCertificateFiles } from '../../platform/certificates/certificate-files.ts'
import { parseConfigYaml, readConfigText } from '../../platform/config-text.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { type Problem, type Result } from '../../protocols/kit/result.ts'
import { checkOutletFiles, withOutletPaths } from '../../platform/outlets/settings/outlet-files.ts'
import { mapFiles, withMapPaths } from './map-settings.ts'
import { parseCentreConfig, type CentreConfig } from './config.ts'
import { findInsecureSettings } from './insecure-settings.ts'

/** Parses the file; relative paths inside it are relative to the file. */
export function loadCentreConfig(file: string): Result<CentreConfig> {
  const text = readConfigText(file)
  if (!text.ok) return text
  const read = parseConfigYaml(text.value)
  if (!read.ok) return read
  const parsed = parseCentreConfig(read.value)
  return parsed.ok ? { ok: true, value: withAbsolutePaths(parsed.value, dirname(resolve(file))) } : parsed
}

function withAbsolutePaths(config: CentreConfig, folder: string): CentreConfig {
  const at = (path: string): string => resolve(folder, path)
  const tlsAt = <T extends { certFile: string; keyFile: string; caFile?: string | undefined }>(
    tls: T,
  ): T => ({
    ...tls,
    certFile: at(tls.certFile),
    keyFile: at(tls.keyFile),
    ...(tls.caFile === undefined ? {} : { caFile: at(tls.caFile) }),
  })
  const { http, uplink, accounts, enrolment, storage } = config
  const { oidc } = accounts
  return Object.freeze({
    ...config,
    dataDir: at(config.dataDir),
    outlets: withOutletPaths(config.outlets, at),
    map: withMapPaths(config.map, at),
    accounts: {
      ...accounts,
      ...(oidc ? { oidc: { ...oidc, clientSecretFile: at(oidc.clientSecretFile) } } : {}),
    },
    ...(enrolment ? { enrolment: { ...enrolment, authority: tlsAt(enrolment.authority) } } : {}),
    storage: {
      ...storage,
      ...(storage.passwordFile === undefined ? {} : { passwordFile: at(storage.passwordFile) }),
      ...(storage.caFile === undefined ? {} : { caFile: at(storage.caFile) }),
    },
    http: { ...http, ...(http.tls ? { tls: tlsAt(http.tls) } : {}) },
    uplink: {
      ...uplink,
      listeners: uplink.listeners.map((one) => ({ ...one, ...(one.tls ? { tls: tlsAt(one.tls) } : {}) })),
      ...(uplink.passwordFile === undefined ? {} : { passwordFile: at(uplink.passwordFile) }),
      ...(uplink.revokedFile === undefined ? {} : { revokedFile: at(uplink.revokedFile) }),
      ...(uplink.admittedFile === undefined ? {} : { admittedFile: at(uplink.admittedFile) }),
    },
  })
}

/** All problems of the file and of the files in it, none when a centre could start with it; and its open doors. */
export function checkCentreConfig(file: string): { problems: Problem[]; warnings: Problem[] } {
  const loaded = loadCentreConfig(file)
  if (!loaded.ok) return { problems: loaded.problems, warnings: [] }
  const { http, uplink, storage } = loaded.value
  const wallMs = createSystemClock().wallMs()
  const problems = uplink.listeners.flatMap(({ tls }, i) =>
    tls ? checkCertificateFiles({ path: `uplink.listeners.${i}.tls`, ...tls }, wallMs) : [],
  )
  if (http.tls) problems.unshift(...checkCertificateFiles({ path: 'http.tls', ...http.tls }, wallMs))
  const { oidc } = loaded.value.accounts
  if (oidc) problems.push(...readable('accounts.oidc.clientSecretFile', oidc.clientSecretFile))
  for (const key of ['passwordFile', 'revokedFile', 'admittedFile'] as const) {
    const named = uplink[key]
    if (named === undefined) continue
    problems.push(...readable(`uplink.${key}`, named))
  }
  for (const key of ['passwordFile', 'caFile'] as const) {
    const named = storage[key]
    if (named !== undefined) problems.push(...readable(`storage.${key}`, named))
  }
  const authority = loaded.value.enrolment?.authority
  if (authority)
    for (const key of ['certFile', 'keyFile'] as const)
      problems.push(...readable(`enrolment.authority.${key}`, authority[key]))
  for (const { path, file } of mapFiles(loaded.value.map)) problems.push(...readable(path, file))
  problems.push(...checkOutletFiles(loaded.value.outlets))
  return { problems, warnings: findInsecureSettings(loaded.value) }
}

function readable(path: string, file: string): Problem[] {
  try {
    accessSync(file, constants.R_OK)
    return []
  } catch (error) {
    return [{ path, message: cannotRead(file, error) }]
  }
}

// Reads the centre's YAML file; also behind `gengfu check-config`.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { bad, type Problem, type Result } from '../../protocols/kit/result.ts'
import { parseCentreConfig, type CentreConfig } from './config.ts'

const configBytesMax = 4 * 1024 * 1024

/** Parses the file; relative paths inside it are relative to the file. */
export function loadCentreConfig(file: string): Result<CentreConfig> {
  let value: unknown
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length > configBytesMax) return bad(`at most ${configBytesMax} bytes`)
    value = parse(text, { maxAliasCount: 100 })
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error))
  }
  const parsed = parseCentreConfig(value)
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
  const { http, uplink } = config
  return Object.freeze({
    ...config,
    dataDir: at(config.dataDir),
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

/** Everything wrong with the file and the files it names; empty when a centre could start with it. */
export function checkCentreConfig(file: string): Problem[] {
  const loaded = loadCentreConfig(file)
  if (!loaded.ok) return loaded.problems
  const { http, uplink } = loaded.value
  const named: [string, string | undefined][] = [
    ['http.tls.certFile', http.tls?.certFile],
    ['http.tls.keyFile', http.tls?.keyFile],
    ['uplink.passwordFile', uplink.passwordFile],
    ['uplink.revokedFile', uplink.revokedFile],
    ['uplink.admittedFile', uplink.admittedFile],
  ]
  uplink.listeners.forEach(({ tls }, i) => {
    for (const key of ['certFile', 'keyFile', 'caFile'] as const)
      named.push([`uplink.listeners.${i}.tls.${key}`, tls?.[key]])
  })
  return named
    .filter(([, path]) => path !== undefined && !existsSync(path))
    .map(([key, path]) => ({ path: key, message: `${path} is not there` }))
}

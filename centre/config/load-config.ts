// Reads the centre's YAML file; also used by `gengfu check-config`.
import { accessSync, constants } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { cannotRead, checkCertificateFiles } from '../../platform/certificates/certificate-files.ts'
import { parseConfigYaml, readConfigText } from '../../platform/config-text.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { type Problem, type Result } from '../../protocols/kit/result.ts'
import { namedFilesOf } from '../../platform/strangers/insecure-settings.ts'
import { checkOutletFiles, withPaths } from '../../platform/outlets/settings/outlet-files.ts'
import { isPostgresUrl } from '../storage/postgres/address.ts'
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
  const files = withPaths(config, at)
  return Object.freeze({
    ...files,
    dataDir: at(config.dataDir),
    map: withMapPaths(config.map, at),
    ...(files.storage.sharedDir === undefined
      ? {}
      : { storage: { ...files.storage, sharedDir: at(files.storage.sharedDir) } }),
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
  for (const { path, file } of namedFilesOf(loaded.value))
    if (!isCheckedElsewhere(path)) problems.push(...readable(path, file))
  for (const { path, file } of mapFiles(loaded.value.map)) problems.push(...readable(path, file))
  problems.push(...checkOutletFiles(loaded.value.outlets))
  if (storage.sharedDir !== undefined) problems.push(...readable('storage.sharedDir', storage.sharedDir))
  return { problems, warnings: [...findInsecureSettings(loaded.value), ...localFolders(loaded.value)] }
}

/** One centre over PostgreSQL needs no shared folder; its file does not say how many there are. */
function localFolders({ storage, dataDir }: CentreConfig): Problem[] {
  if (!isPostgresUrl(storage.url) || storage.sharedDir !== undefined) return []
  return [
    {
      path: 'storage.sharedDir',
      message: `pictures and files are in ${dataDir}, where no other centre finds them: several centres over this database need one folder that all of them mount 多个中心须共用一个目录`,
    },
  ]
}

/** Certificates and keys of listeners, and files of outlets, have checks of their own. */
const isCheckedElsewhere = (path: string): boolean => /^(http\.tls|uplink\.listeners|outlets)\./.test(path)

function readable(path: string, file: string): Problem[] {
  try {
    accessSync(file, constants.R_OK)
    return []
  } catch (error) {
    return [{ path, message: cannotRead(file, error) }]
  }
}

// Files and folders that a configuration names: keys that end in `File` or `Folder`. Paths are relative to the configuration.
import { accessSync, constants, statSync } from 'node:fs'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { messageOf } from '../../failure.ts'
import type { Problem } from '../../../protocols/kit/result.ts'

const isFolder = (key: string): boolean => key === 'folder' || key.endsWith('Folder')
const isPath = (key: string): boolean => key.endsWith('File') || isFolder(key)

function mapped(value: unknown, at: (path: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => mapped(one, at))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      isPath(key) && typeof inner === 'string' ? at(inner) : mapped(inner, at),
    ]),
  )
}

/** The configuration with each file and folder in it as `at` has it. */
export const withPaths = <T>(config: T, at: (path: string) => string): T => mapped(config, at) as T

/** Every file that can not be read, and every folder that can not be written. */
export function checkOutletFiles(outlets: readonly object[]): Problem[] {
  const problems: Problem[] = []
  function look(value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
      const here = `${path}.${key}`
      if (!isPath(key) || typeof inner !== 'string') look(inner, here)
      else {
        const message = fault(key, inner)
        if (message !== undefined) problems.push({ path: here, message })
      }
    }
  }
  look(outlets, 'outlets')
  return problems
}

function fault(key: string, path: string): string | undefined {
  try {
    if (isFolder(key)) {
      if (!statSync(path).isDirectory()) return `${path} is no folder`
      accessSync(path, constants.W_OK)
    } else accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return `${path}: ${messageOf(error)}; it must exist and be ${isFolder(key) ? 'writable' : 'readable'} for this service`
  }
}

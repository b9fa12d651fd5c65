// Is each file with a secret reported that others may read, whatever key of whichever program names it?
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { centreConfigSchema } from '../../../../centre/config/config.ts'
import { checkCentreConfig, loadCentreConfig } from '../../../../centre/config/load-config.ts'
import { findInsecureSettings as findInCentre } from '../../../../centre/config/insecure-settings.ts'
import { gatewayConfigSchema, parseGatewayConfig } from '../../../../gateway/config/config.ts'
import { findInsecureSettings as findInGateway } from '../../../../gateway/config/checks/insecure-settings.ts'
import { namedFilesOf, openFiles } from '../../../../platform/strangers/insecure-settings.ts'
import { secretsOf } from '../../../../platform/support/secrets.ts'
import { isObject } from '../../../../protocols/kit/parse-json.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-open-'))
  file = join(folder, 'key')
  writeFileSync(file, 'secret')
})
afterEach(() => rmSync(folder, { recursive: true }))

it('reports a secret that every user may read or write, a list that every user may write, and no missing one', () => {
  const found = (isSecret: boolean, mode: number): number => {
    chmodSync(file, mode)
    return openFiles([{ path: 'tls.key', file, isSecret }]).length
  }
  expect([0o600, 0o640, 0o644, 0o602].map((mode) => found(true, mode))).toEqual([0, 0, 1, 1])
  expect([0o600, 0o640, 0o644, 0o646].map((mode) => found(false, mode))).toEqual([0, 0, 0, 1])
  expect(openFiles([{ path: 'b', file: join(folder, 'none'), isSecret: true }])).toEqual([])
})

/** Keys without a secret; a new key of a schema is one, or is added here and there after thought. */
const publicKeys = ['caFile', 'certFile', 'revokedFile', 'admittedFile', 'mappingFile']

/** Each key of a schema that ends in `File`, at its place in an object that has them all. */
function withEveryFile(node: unknown, value: string): unknown {
  if (!isObject(node)) return undefined
  const kinds = [node['anyOf'], node['oneOf'], node['allOf']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  )
  if (kinds.length > 0) return kinds.map((kind) => withEveryFile(kind, value))
  if (isObject(node['items'])) return [withEveryFile(node['items'], value)]
  if (isObject(node['additionalProperties']))
    return { any: withEveryFile(node['additionalProperties'], value) }
  const { properties } = node
  if (!isObject(properties)) return undefined
  return Object.fromEntries(
    Object.entries(properties).map(([key, inner]) => [
      key,
      key.endsWith('File') ? value : withEveryFile(inner, value),
    ]),
  )
}

describe.each([
  ['gateway', gatewayConfigSchema, 40],
  ['centre', centreConfigSchema, 35],
])('%s', (_name, schema, filesMin) => {
  it('reports each file key of its schema, but those of public files', () => {
    chmodSync(file, 0o644)
    const config = withEveryFile(
      z.toJSONSchema(schema as z.ZodType, { io: 'input', unrepresentable: 'any', reused: 'inline' }),
      file,
    )
    const named = namedFilesOf(config)
    expect(named.length).toBeGreaterThan(filesMin)
    const open = new Set(openFiles(named).map(({ path }) => path))
    const quiet = named.map(({ path }) => path).filter((path) => !open.has(path))
    expect(
      quiet.filter(
        (path) => !publicKeys.includes(path.split('.').at(-1) ?? '') && path !== 'updates.keyFile',
      ),
    ).toEqual([])
    expect([...open].filter((path) => publicKeys.includes(path.split('.').at(-1) ?? ''))).toEqual([])
  })
})

const webhook = `[{ name: duty, type: webhook, urlFile: key, secretFile: key, rules: [{}] }]`

it('reports the secret file of an outlet in the configuration of a centre and of a box, relative to the file', () => {
  chmodSync(file, 0o644)
  const centreFile = join(folder, 'centre.yaml')
  writeFileSync(
    centreFile,
    `dataDir: ${folder}/none\nhttp: { port: 0 }\noutlets: ${webhook}
upward: { url: "mqtts://county:8883", id: town, passwordFile: key, caFile: missing }\n`,
  )
  const centre = loadCentreConfig(centreFile)
  if (!centre.ok) throw new Error(JSON.stringify(centre.problems))
  const secret = ['outlets.0.urlFile', 'outlets.0.secretFile']
  const paths = findInCentre(centre.value).map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining([...secret, 'upward.passwordFile']))
  expect(checkCentreConfig(centreFile).problems.map(({ path }) => path)).toEqual(['upward.caFile'])
  const box = parseGatewayConfig(
    `box: { id: stone-bridge-1 }\ndataDir: ./data\nmqtt: { listeners: [{ port: 1 }] }\nconsole: { claimCodeFile: key }\noutlets: ${webhook}`,
    folder,
  )
  if (!box.ok) throw new Error(JSON.stringify(box.problems))
  expect(findInGateway(box.value).map(({ path }) => path)).toEqual(
    expect.arrayContaining([...secret, 'console.claimCodeFile']),
  )
  chmodSync(file, 0o600)
  expect(findInCentre(centre.value)).toEqual([])
  expect(findInGateway(box.value)).toEqual([])
  // The support bundle removes what stands in them.
  expect(secretsOf({ console: { claimCodeFile: file } })).toEqual(['secret'])
})

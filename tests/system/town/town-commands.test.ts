// Question: does every command explain itself in both languages, and does a wrong configuration name all of its
// problems at once?
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtCommand } from '../../kits/system/require-build.ts'

const program = builtCommand()

interface Outcome {
  code: number | null
  said: string
  complained: string
}

function gengfu(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const outcome: Outcome = { code: null, said: '', complained: '' }
  child.stdout.on('data', (data: Buffer) => (outcome.said += data.toString()))
  child.stderr.on('data', (data: Buffer) => (outcome.complained += data.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...outcome, code })))
}

/** The same in one process, for commands that only print. */
function inOneProcess(calls: readonly string[][]): Outcome[] {
  const runner = fileURLToPath(new URL('../../kits/system/many-commands.mjs', import.meta.url))
  const input = calls.map((args) => JSON.stringify(args)).join('\n')
  const { stdout, stderr } = spawnSync(process.execPath, [runner, program], { input, encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome)
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-commands-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('--help', () => {
  const commands = [
    ['gateway'],
    ['gateway', 'password'],
    ['centre'],
    ['centre', 'token'],
    ['centre', 'user', 'add'],
    ['sim'],
    ['sim', 'press'],
    ['demo'],
    ['check'],
    ['check-config'],
    ['judge'],
    ['camera'],
    ['decode'],
    ['device'],
    ['device', 'list'],
    ['bridge'],
    ['walk-test'],
    ['update'],
    ['update', 'check'],
    ['centre', 'outlet'],
    ['centre', 'update'],
    ['centre', 'bulletin'],
    ['centre', 'authority'],
    ['gateway', 'console'],
    ['gateway', 'outlet'],
    ['log-level'],
    ['support-bundle'],
  ]

  it('names every command that has a page of its own, in both languages', async () => {
    const { code, said } = await gengfu('--help')
    expect(code).toBe(0)
    const named = [...said.matchAll(/^ {2}([a-z-]+) {2,}(.*)$/gm)]
    expect(new Set(named.map(([, name]) => name))).toEqual(new Set(commands.map(([name]) => name)))
    for (const [, , words] of named) expect(words).toMatch(/[a-z]{3}.*\p{Script=Han}/u)
  })

  it('of each ends with 0 and is in both languages', () => {
    const outcomes = inOneProcess(commands.map((args) => [...args, '--help']))
    expect(outcomes).toHaveLength(commands.length)
    for (const [at, { code, said, complained }] of outcomes.entries()) {
      expect({ args: commands[at], code, complained }).toEqual({
        args: commands[at],
        code: 0,
        complained: '',
      })
      expect(said).toContain(`gengfu ${commands[at]?.join(' ')}`)
      expect(said).toMatch(/\p{Script=Han}{2}/u)
      expect(said).toMatch(/[a-z]{4,} [a-z]{2,}/)
    }
  })
})

describe('a wrong configuration', () => {
  function write(name: string, text: string): string {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }

  const wrongGateway = `
box: { id: "Upper Brook" }
mqtt: { listeners: [{ host: 127.0.0.1, port: 99999 }], colour: red }
uplink: { url: "mqtt://10.1.2.3" }
`
  const gatewayPaths = ['box.id', 'dataDir', 'mqtt.listeners.0.port', 'mqtt', 'uplink.url']
  const wrongCentre = `
http: { port: high }
uplink: { listeners: [{ host: 127.0.0.1, port: -1 }], strangers: true }
boxes: [{ id: "Upper Brook", name: "" }]
`
  const centrePaths = [
    'dataDir',
    'http.port',
    'uplink.listeners.0.port',
    'uplink',
    'boxes.0.id',
    'boxes.0.name',
  ]

  const pathsIn = (text: string): string[] =>
    [...text.matchAll(/^ {2}(\S+): .+$/gm)].map(([, path]) => path ?? '')

  it.concurrent.each([
    ['gateway', wrongGateway, gatewayPaths],
    ['centre', wrongCentre, centrePaths],
  ])('of a %s ends with 2 and names all problems, starting nothing', async (name, text, paths) => {
    const file = write(`${name}.yaml`, text)
    const { code, complained } = await gengfu(name, '--config', file)
    expect(code).toBe(2)
    const named = pathsIn(complained)
    expect(named).toHaveLength(paths.length)
    expect(new Set(named)).toEqual(new Set(paths))
  })

  it.concurrent.each([
    ['gateway', wrongGateway, gatewayPaths],
    ['centre', wrongCentre, centrePaths],
  ])('of a %s is recognised by check-config, with the same problems', async (name, text, paths) => {
    const file = write(`check-${name}.yaml`, text)
    const { code, complained } = await gengfu('check-config', '--config', file)
    expect(code).toBe(2)
    expect(complained).toContain(`${paths.length} problem(s)`)
    expect(complained).toContain(`(${name} `)
    expect(new Set(pathsIn(complained))).toEqual(new Set(paths))
  })

  it.concurrent.each([
    [
      'gateway',
      `
box: { id: upper-brook }
dataDir: data
mqtt:
  listeners: [{ port: 8883, tls: { certFile: no.crt, keyFile: no.key } }]
uplink: { url: "mqtts://centre:8883", caFile: no-ca.crt }
`,
      ['mqtt.listeners.0.tls.certFile', 'mqtt.listeners.0.tls.keyFile', 'uplink.caFile'],
    ],
    [
      'bridge',
      `
box: { id: upper-brook }
dataDir: data
mqtt: { listeners: [{ port: 1883 }] }
bridges:
  - { id: old, dialect: zigbee2mqtt, url: "mqtts://10.0.0.2:8883", username: box, passwordFile: no.password, caFile: no.pem }
  - { id: vendor, dialect: ttn, tokenFile: no.token }
push: { host: 127.0.0.1, port: 8090 }
`,
      ['bridges.0.passwordFile', 'bridges.0.caFile', 'bridges.1.tokenFile'],
    ],
    [
      'shared port',
      `
box: { id: upper-brook }
dataDir: data
mqtt:
  listeners: [{ port: 1883 }, { host: 127.0.0.1, port: 1884 }, { host: 127.0.0.2, port: 1884 }, { port: 0 }, { port: 0 }]
console: { host: 127.0.0.1, port: 1883 }
`,
      ['console.port'],
    ],
    [
      'centre',
      `
dataDir: data
http: { port: 8443, tls: { certFile: no.crt, keyFile: no.key } }
uplink: { listeners: [{ host: 0.0.0.0, port: 8883, tls: { certFile: no.crt, keyFile: no.key, caFile: no-ca.crt } }] }
`,
      [
        'http.tls.certFile',
        'http.tls.keyFile',
        ...['certFile', 'keyFile', 'caFile'].map((key) => `uplink.listeners.0.tls.${key}`),
      ],
    ],
  ])('of a %s that names a missing or used thing is reported by check-config', async (name, text, paths) => {
    const file = write(`files-${name}.yaml`, text)
    const { code, complained } = await gengfu('check-config', '--config', file)
    expect(code).toBe(2)
    expect(new Set(pathsIn(complained))).toEqual(new Set(paths))
  })

  it.concurrent.each([
    ['gateway', 'box: { id: upper-brook }\ndataDir: data\nmqtt: { listeners: [{ port: 1883 }] }\n'],
    ['centre', 'dataDir: data\nhttp: { port: 8800 }\n'],
  ])('is not what check-config says of a good %s', async (name, text) => {
    const { code, said } = await gengfu('check-config', '--config', write(`good-${name}.yaml`, text))
    expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/good 没有问题/) as string })
    expect(said).toContain(`(${name} `)
  })

  it.concurrent.each([
    ['of neither program', 'colour: red\n'],
    ['that is empty', ''],
    ['that is a list', '- 1\n'],
    ['that is no YAML', 'a: [1,\n'],
  ])('%s is refused by check-config in words', async (what, text) => {
    const { code, complained } = await gengfu('check-config', '--config', write(`${what}.yaml`, text))
    expect(code).toBe(2)
    expect(complained).toMatch(/1 problem\(s\).*\n {2}\(file\): \S{3}/)
  })

  it.concurrent.each(['gateway', 'centre', 'check-config'])(
    'that is missing is reported by %s in words',
    async (name) => {
      const { code, complained } = await gengfu(name, '--config', join(folder, 'nowhere.yaml'))
      expect(code).toBe(2)
      expect(complained).toContain('nowhere.yaml')
    },
  )
})

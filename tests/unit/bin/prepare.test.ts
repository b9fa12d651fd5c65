// Is a build made again whenever something that it is made of changes, and never taken for whole when it ended halfway?
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeEach, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const copies: string[] = []
let copy: string
interface BuildStamp {
  isBuilt(): boolean
  stampOf(files: string[]): string
  stampOfBuild(): string
  writeStamp(name: string, stamp: string): void
}
/** That of the copy. */
let stamp: BuildStamp
afterAll(() => {
  for (const folder of copies) rmSync(folder, { recursive: true, force: true })
})

const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  writeFileSync(join(copy, file), text)
}

/** The compiler copies one source into the build, or fails after it has made a part of it. */
const compiler = `
const { cpSync, mkdirSync, readFileSync } = require('node:fs')
mkdirSync('dist')
cpSync('gateway/main.ts', 'dist/main.js')
if (readFileSync('gateway/main.ts', 'utf8').includes('error')) process.exit(2)
`

beforeEach(async () => {
  copy = mkdtempSync(join(tmpdir(), 'gengfu-prepare-'))
  copies.push(copy)
  for (const name of ['prepare.js', 'build-stamp.js'])
    cpSync(join(root, 'bin', name), join(copy, 'bin', name))
  write('package.json', '{ "type": "module" }')
  for (const name of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) write(name, '{}')
  for (const folder of ['centre', 'firmware-sim', 'platform', 'protocols', 'web'])
    mkdirSync(join(copy, folder))
  write('gateway/main.ts', 'first')
  write('bin/bundle.js', '')
  write('node_modules/typescript/package.json', '{ "type": "commonjs" }')
  write('node_modules/typescript/bin/tsc', compiler)
  write('node_modules/vite/bin/vite.js', '')
  stamp = (await import(pathToFileURL(join(copy, 'bin/build-stamp.js')).href)) as BuildStamp
  // Nothing is installed here.
  stamp.writeStamp('install', stamp.stampOf([join(copy, 'package-lock.json')]))
})

const build = (): { status: number | null; isMade: boolean } => {
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'bin/prepare.js'), 'build'], {
    encoding: 'utf8',
  })
  return { status, isMade: stderr.includes('prepare: building') }
}
const built = (): string => readFileSync(join(copy, 'dist/main.js'), 'utf8')

it('builds once, and again after a source has changed', () => {
  expect(stamp.isBuilt()).toBe(false)
  expect(build()).toEqual({ status: 0, isMade: true })
  expect(stamp.isBuilt()).toBe(true)
  expect(build()).toEqual({ status: 0, isMade: false })
  write('gateway/main.ts', 'other')
  expect(stamp.isBuilt()).toBe(false)
  expect(build()).toEqual({ status: 0, isMade: true })
  expect(built()).toBe('other')
})

it.each(['tsconfig.json', 'tsconfig.build.json', 'bin/bundle.js', 'bin/prepare.js', 'web/page.css'])(
  'is an old build after a change of %s',
  (file) => {
    mkdirSync(join(copy, 'dist'))
    stamp.writeStamp('build', stamp.stampOfBuild())
    expect(stamp.isBuilt()).toBe(true)
    write(file, '{ }')
    expect(stamp.isBuilt()).toBe(false)
  },
)

it('a build that ended halfway is no build, also after its source is again as before', () => {
  build()
  write('gateway/main.ts', 'error')
  expect(build().status).toBe(1)
  expect(existsSync(join(copy, 'dist'))).toBe(true)
  write('gateway/main.ts', 'first')
  expect(stamp.isBuilt()).toBe(false)
  expect(build()).toEqual({ status: 0, isMade: true })
  expect(built()).toBe('first')
})

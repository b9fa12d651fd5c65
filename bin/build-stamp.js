// A stamp of everything that the build is made of: work is done again only when it changes, and a test that runs the build
// can tell that it is older than its sources. Plain JavaScript without packages, because it runs before there are any.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folders = ['gateway', 'centre', 'firmware-sim', 'platform', 'protocols', 'web']
const endings = ['.ts', '.vue', '.css', '.html', '.svg', '.json']
const others = [
  'tsconfig.json',
  'tsconfig.build.json',
  'bin/bundle.js',
  'bin/prepare.js',
  'package-lock.json',
]

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : []
  })
}

/** Of the contents and the version of Node; `files` are absolute. */
export function stampOf(files) {
  const hash = createHash('sha256').update(process.version)
  for (const file of files) hash.update(relative(root, file)).update(readFileSync(file))
  return hash.digest('hex')
}

export function stampOfBuild() {
  const sources = folders.flatMap((folder) => filesBelow(join(root, folder)))
  return stampOf([...sources.sort((a, b) => (a < b ? -1 : 1)), ...others.map((file) => join(root, file))])
}

const fileOf = (name) => join(root, 'node_modules', `.gengfu-${name}`)

export const isStamped = (name, stamp) =>
  existsSync(fileOf(name)) && readFileSync(fileOf(name), 'utf8') === stamp
export const writeStamp = (name, stamp) => writeFileSync(fileOf(name), stamp)
/** Before the work begins: work that ends halfway leaves no stamp, also not that of the last time. */
export const removeStamp = (name) => rmSync(fileOf(name), { force: true })

export const isBuilt = () => existsSync(join(root, 'dist')) && isStamped('build', stampOfBuild())

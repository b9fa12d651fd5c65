// Loaded before a program (NODE_OPTIONS=--import): freezes its event loop, its threads or its uplink for ever once a file asks for it.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const { existsSync, rmSync } = fs
const fileOf = (what) => `${process.env.GENGFU_FREEZE}/${what}`
const takes = (what) => {
  if (!existsSync(fileOf(what))) return false
  rmSync(fileOf(what), { force: true })
  return true
}

setInterval(() => {
  if (takes(isMainThread ? 'loop' : 'thread')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}, 50).unref()

// The uplink reads its password at each attempt to connect: a disk that never answers this read freezes it there.
const { readFile } = fs.promises
fs.promises.readFile = (file, ...rest) =>
  typeof file === 'string' && file.endsWith('/uplink-password') && takes('uplink')
    ? new Promise(() => undefined)
    : readFile(file, ...rest)
syncBuiltinESMExports()

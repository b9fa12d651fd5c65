// Loaded before a program (NODE_OPTIONS=--import): freezes its event loop or its threads for ever once a file asks for it.
import { existsSync, rmSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = `${process.env.GENGFU_FREEZE}/${isMainThread ? 'loop' : 'thread'}`
setInterval(() => {
  if (!existsSync(file)) return
  rmSync(file, { force: true })
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}, 50).unref()

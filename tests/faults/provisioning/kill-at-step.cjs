// Preloaded: ends its process with SIGKILL before or after the n-th operation on a file whose path fits, as a power cut would.
// GENGFU_KILL_PATHS: which files; GENGFU_KILL_AT: n; GENGFU_KILL_WHEN: counts from when this file is there.
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')

const pattern = new RegExp(process.env.GENGFU_KILL_PATHS)
const trigger = process.env.GENGFU_KILL_WHEN
const exists = fs.existsSync
let left = Number(process.env.GENGFU_KILL_AT)
const opened = new Set()

function step() {
  if (trigger && !exists(trigger)) return
  if (--left > 0) return
  process.kill(process.pid, 'SIGKILL')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
for (const name of [
  'mkdirSync',
  'rmSync',
  'openSync',
  'writeFileSync',
  'fchownSync',
  'fsyncSync',
  'closeSync',
  'renameSync',
]) {
  const original = fs[name]
  fs[name] = (...given) => {
    const isOurs = given
      .slice(0, 2)
      .some((one) => (typeof one === 'string' ? pattern.test(one) : opened.has(one)))
    if (isOurs) step()
    const result = original(...given)
    if (name === 'openSync' && isOurs) opened.add(result)
    if (name === 'closeSync') opened.delete(given[0])
    if (isOurs) step()
    return result
  }
}
syncBuiltinESMExports()

// Loaded into a box whose memory is measured, ahead of it: what it holds is what is left when its garbage is collected, and V8
// collects most of it when it likes, minutes apart.
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => collect())

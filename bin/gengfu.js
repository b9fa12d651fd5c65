#!/usr/bin/env node
// The one command: calls the requested part. The parts never import each other.
import { existsSync, readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

const commands = {
  gateway: ['gateway/main.js', 'runGateway', 'the village box 村庄网关: gateway --config FILE'],
  centre: [
    'centre/main.js',
    'runCentre',
    'the town centre 镇中心: centre --config FILE; centre token; centre user',
  ],
  sim: ['firmware-sim/main.js', 'runSim', 'simulated devices 模拟设备: sim village --url URL --devices 20'],
  demo: ['firmware-sim/demo.js', 'runDemo', 'a centre and one village on this machine 本机演示'],
  check: ['gateway/cli/check-command.js', 'runCheck', 'lists the problems of a box and what to do 体检'],
  'check-config': [
    'gateway/cli/check-config-command.js',
    'runCheckConfig',
    'reads a config file and names every problem 检查配置',
  ],
  judge: [
    'gateway/cli/judge-command.js',
    'runJudge',
    'what the alarm engine would have done with a CSV 用历史数据试判',
  ],
  decode: [
    'gateway/cli/decode-command.js',
    'runDecode',
    'what the box makes of messages of any dialect 解码报文: JSON lines in and out',
  ],
  device: [
    'gateway/cli/device-command.js',
    'runDevice',
    'devices of a box 设备: device list, adopt, replace, forget, rename',
  ],
  bridge: [
    'gateway/cli/bridge-command.js',
    'runBridge',
    'bridges of a box 网桥: bridge permit-join --minutes N',
  ],
  'walk-test': [
    'gateway/cli/walk-test-command.js',
    'runWalkTest',
    'a test of the devices in your own name 走测: walk-test --by NAME --zone ZONE --minutes N',
  ],
  update: [
    'gateway/cli/update-command.js',
    'runUpdate',
    'signed releases of a box 更新: update status, check, install',
  ],
  'support-bundle': [
    'platform/support/support-commands.js',
    'runSupportBundle',
    'log, configuration and health of a box or a centre as one file, no secrets 支持包',
  ],
  'log-level': [
    'platform/support/support-commands.js',
    'runLogLevel',
    'levels of the log by part while the program runs 日志级别',
  ],
  camera: ['gateway/cli/camera-command.js', 'runCamera', 'camera discover, camera snapshot 摄像机'],
}

/** A program that protects people must continue when its output has no reader. */
const runsOn = new Set(['gateway', 'centre'])

function help() {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  return [
    `gengfu ${version} 更夫: the village night-watch`,
    '',
    'Usage: gengfu COMMAND [options]     gengfu COMMAND --help',
    '',
    ...Object.entries(commands).map(([name, [, , words]]) => `  ${name.padEnd(width)}  ${words}`),
    '',
  ].join('\n')
}

/**
 * A function of another program that a command needs is passed in here, since the programs do not import each other.
 */
async function partsFor(name) {
  if (name !== 'check-config') return []
  const { checkCentreConfig } = await import(new URL('dist/centre/config/load-config.js', root).href)
  return [checkCentreConfig]
}

// The reader of a pipe (`| head`) has read enough: that is no error, and the command's own exit code stays.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
    if (!runsOn.has(name)) process.exit(process.exitCode ?? 0)
  })

const [name, ...rest] = process.argv.slice(2)
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(help())
  process.exitCode = name === undefined ? 2 : 0
} else if (name === '--version' || name === '-V') process.stdout.write(`${version}\n`)
else if (!command) {
  process.stderr.write(`gengfu: there is no command "${name}"\n\n${help()}`)
  process.exitCode = 2
} else {
  const file = new URL(`dist/${command[0]}`, root)
  if (existsSync(file)) {
    const part = await import(file.href)
    const code = await part[command[1]](rest, ...(await partsFor(name)))
    if (typeof code === 'number') process.exitCode = code
  } else {
    process.stderr.write('gengfu: not built yet. Run: npm install && npm run build\n')
    process.exitCode = 2
  }
}

// A support bundle: what a maintainer far away needs to understand a machine, as one file, without a secret in it.
import { execFile } from 'node:child_process'
import { cpus, freemem, loadavg, networkInterfaces, release, totalmem, uptime } from 'node:os'
import { gzipSync } from 'node:zlib'
import { tarOf } from './tar.ts'
import { secretsOf, withoutSecrets } from './secrets.ts'

/** Of one part; the newest stays, because a log ends with what happened last. */
export const partCharsMax = 1024 * 1024
export const bundleBytesMax = 4 * 1024 * 1024
const journalLines = 3000
const commandMsMax = 10_000

export interface BundlePart {
  name: string
  text: string
}

export interface BundleOptions {
  /** As read, with the paths of its secret files. */
  config: unknown
  parts: readonly BundlePart[]
  atMs: number
}

/** Gzipped tar. Every part goes through the same filter, whatever wrote it. */
export function createBundle({ config, parts, atMs }: BundleOptions): Buffer {
  const secrets = secretsOf(config)
  const all: BundlePart[] = [
    { name: 'about.txt', text: aboutText(parts, atMs) },
    { name: 'config.json', text: JSON.stringify(config, undefined, 2) },
    ...parts,
  ]
  const entries = all.map(({ name, text }) => ({
    name: `support/${name}`,
    content: Buffer.from(withoutSecrets(text.slice(-partCharsMax), secrets), 'utf8'),
  }))
  return gzipSync(tarOf(entries, atMs))
}

const aboutText = (parts: readonly BundlePart[], atMs: number): string =>
  [
    `Gengfu support bundle, ${new Date(atMs).toISOString()}`,
    'Secrets were removed; look through it before you send it on. 已去除密码与密钥，转发前请过目。',
    '',
    ...['config.json', ...parts.map(({ name }) => name)].map((name) => `  ${name}`),
    '',
  ].join('\n')

/** The machine in a few lines. */
export function machineText(): string {
  const interfaces = Object.entries(networkInterfaces()).map(
    ([name, list = []]) => `${name}: ${list.map(({ cidr, address }) => cidr ?? address).join(' ')}`,
  )
  return [
    `system ${release()} ${process.arch}, node ${process.version}, ${cpus().length} processors`,
    `up ${Math.round(uptime())} s, load ${loadavg()
      .map((one) => one.toFixed(2))
      .join(' ')}`,
    `memory free ${freemem()} of ${totalmem()} bytes, program ${process.memoryUsage.rss()} bytes`,
    ...interfaces,
    '',
  ].join('\n')
}

/** The log of the service as the system keeps it; empty where there is none, or it may not be read. */
export function readServiceLog(unit: string): Promise<string> {
  const parameters = ['-u', unit, '-n', String(journalLines), '-o', 'short-iso', '--no-pager']
  return new Promise((resolve) => {
    const limits = { timeout: commandMsMax, maxBuffer: 16 * 1024 * 1024 }
    execFile('journalctl', parameters, limits, (error, stdout) => resolve(error ? '' : stdout))
  })
}

// `gengfu centre bulletin`: says a text at the loudspeakers and signs of villages through the running centre, and prints
// what each device answered.
import { setTimeout as wait } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import { print, printProblem } from '../../platform/terminal.ts'
import type { Bulletin, BulletinAnswer } from '../../protocols/desk/villages/bulletins.ts'
import type { ErrorAnswer } from '../../protocols/desk/api.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { tokenHash } from '../accounts/passwords.ts'
import type { CentreConfig } from '../config/config.ts'
import { createToken, revokeToken } from './accounts.ts'
import { UsageFailure } from './usage-failure.ts'

const lookEveryMs = 1000
/** Longer than any wait: the token of this command ends by itself even when the command is killed. */
const tokenLifeMs = 3_600_000
const waitSecondsMax = 1800
const idDigits = 12
const open = ['waiting', 'sent', 'received']

interface Flags {
  config: string
  text: string
  villages: string
  why?: string
  url?: string
  wait: string
}

/** The centre of this configuration, as this machine reaches it. */
function urlOf({ http }: CentreConfig): string {
  const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host
  const shown = host.includes(':') ? `[${host}]` : host
  return `${http.tls ? 'https' : 'http'}://${shown}:${http.port}`
}

async function call<T>(url: string, token: string, body?: object): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  } catch {
    throw new UsageFailure(
      `连不上中心，请先启动它，或用 --url 指定地址 / the centre does not answer at ${url}: start it, or name it with --url`,
    )
  }
  if (answer.ok) return (await answer.json()) as T
  const { error } = (await answer.json()) as ErrorAnswer
  throw new UsageFailure(`${error.message.zh} / ${error.message.en}`)
}

function printReceipts({ boxes }: Bulletin): void {
  for (const { box, name, state, reason, devices } of boxes) {
    print(`${box}\t${name}\t${state}${reason ? `\t${reason.zh} / ${reason.en}` : ''}\n`)
    for (const device of devices) print(`${box}\t  ${device.name ?? device.device}\t${device.state}\n`)
  }
}

const isOver = ({ boxes }: Bulletin): boolean => boxes.every(({ state }) => !open.includes(state))

export function addBulletin(program: Command, load: (file: string) => CentreConfig): void {
  program
    .command('bulletin')
    .description(
      '向所选村的喇叭和显示屏发通知，打印每台设备的回执 / say a text at loudspeakers and signs of villages; prints a receipt per device',
    )
    .addOption(new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory())
    .requiredOption('--text <text>', '内容，至多 300 字 / at most 300 characters')
    .requiredOption('--villages <ids>', '村，逗号分隔 / villages, by comma')
    .option('--why <text>', '原因，留痕 / recorded with it')
    .option('--url <url>', '中心地址，缺省取自配置 / the centre, default from the configuration')
    .option('--wait <seconds>', '等候回执的秒数 / seconds to wait for receipts', '60')
    .action(async (flags: Flags) => {
      const seconds = Number(flags.wait)
      if (!(seconds >= 0 && seconds <= waitSecondsMax))
        throw new UsageFailure(`--wait: 0 .. ${waitSecondsMax}`)
      const config = load(flags.config)
      const account = { config, clock: createSystemClock(), random: createSystemRandom() }
      const token = createToken(account, { name: 'bulletin', role: 'operator', lifeMs: tokenLifeMs })
      try {
        const base = `${flags.url ?? urlOf(config)}/api/v1/bulletins`
        const villages = flags.villages.split(',').map((one) => one.trim())
        const body = { text: flags.text, villages, ...(flags.why === undefined ? {} : { why: flags.why }) }
        let { bulletin } = await call<BulletinAnswer>(base, token, body)
        const endMs = performance.now() + seconds * 1000
        while (!isOver(bulletin) && performance.now() < endMs) {
          await wait(lookEveryMs)
          bulletin = (await call<BulletinAnswer>(`${base}/${bulletin.id}`, token)).bulletin
        }
        printReceipts(bulletin)
        if (isOver(bulletin)) return
        printProblem('有网关尚未答复，可在值守台查看 / some boxes have not answered yet: look at the desk\n')
        process.exitCode = 1
      } finally {
        revokeToken(account, tokenHash(token).slice(0, idDigits))
      }
    })
}

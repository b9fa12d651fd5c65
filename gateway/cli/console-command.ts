// `gengfu gateway console status|open|close|reset`: the door of the running box's console to the village's network.
import { InvalidArgumentError, type Command } from 'commander'
import { print, printProblem } from '../../platform/terminal.ts'
import { CentreChanges } from '../config/centre-changes.ts'
import { askerOf, callBox, consoleOf, wordsOf } from './box-call.ts'

interface Choices {
  config: string
  console?: string
  by?: string
  minutes?: number
}

interface NetworkAccessAnswer {
  claimCode?: string
  openForMs?: number
  isOpen?: boolean
  isClaimed?: boolean
  people?: { name: string; role: string }[]
}

const minutesMax = 24 * 60

function minutesOf(text: string): number {
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (minutes < 1 || minutes > minutesMax) throw new InvalidArgumentError(`1 to ${minutesMax}.`)
  return minutes
}

const minutesText = (ms: number): string => `${Math.ceil(ms / 60_000)} min 分钟`

/** The commands of `gengfu gateway console`. */
export function addConsoleCommands(program: Command): void {
  const group = program
    .command('console')
    .description('who reaches the console from the village network 控制台对村内网络开放')
  const add = (name: string, words: string, run: (choices: Choices) => Promise<number>): Command =>
    group
      .command(name)
      .description(words)
      .requiredOption('--config <file>', 'YAML configuration 配置文件')
      .option('--console <url>', 'where its console answers, if not at console.host and port 控制台地址')
      .option('--by <name>', 'your name, as it is noted 操作人')
      .action(async (choices: Choices) => {
        process.exitCode = await run(choices)
      })
  add('status', 'whether it is open, and the claim code of a box without an installer 查看', showStatus)
  add('open', 'let the village network in for some time 开放', open).requiredOption(
    '--minutes <n>',
    'it closes by itself after this 分钟',
    minutesOf,
  )
  add('close', 'close it now; sessions from the network end 关闭', close)
  add('reset', 'forget all people: the box gets a new claim code 清除人员，重新认领', reset)
}

async function call(
  what: string,
  { config: file, console: url }: Choices,
  path: string,
  body?: object,
): Promise<NetworkAccessAnswer | undefined> {
  const failed = (words: string): undefined => void printProblem(`gengfu gateway console ${what}: ${words}\n`)
  const opened = CentreChanges.look(file)
  if (!opened.ok) return failed(wordsOf(opened.problems))
  const place = consoleOf(opened.value.config, url)
  if (place === undefined) return failed('say where the console answers with --console URL')
  const called = await callBox(place, path, body)
  if (!called.reached) return failed(`the box does not answer at ${place} (${called.why}) 网关未运行`)
  return called.answer.ok ? called.answer.value : failed(wordsOf(called.answer.problems))
}

async function showStatus(choices: Choices): Promise<number> {
  const answer = await call('status', choices, 'api/v1/console')
  if (!answer) return 1
  const { isOpen, openForMs, claimCode, people = [] } = answer
  const forWhile = openForMs === undefined ? '' : `, ${minutesText(openForMs)}`
  print(
    isOpen ? `open to the village network 已开放${forWhile}\n` : 'not open to the village network 未开放\n',
  )
  if (claimCode !== undefined) print(`claim code 认领码: ${claimCode}\n`)
  for (const { name, role } of people) print(`${role}: ${name}\n`)
  return 0
}

async function open(choices: Choices): Promise<number> {
  const { minutes = 60, by } = choices
  const answer = await call('open', choices, 'api/v1/console/open', { minutes, by: askerOf(by) })
  if (!answer) return 1
  print(
    `open for 已开放 ${minutesText(answer.openForMs ?? minutes * 60_000)}; it closes by itself 到时自动关闭\n`,
  )
  if (answer.claimCode !== undefined) print(`claim code 认领码: ${answer.claimCode}\n`)
  return 0
}

async function close(choices: Choices): Promise<number> {
  if (!(await call('close', choices, 'api/v1/console/close', { by: askerOf(choices.by) }))) return 1
  print('closed 已关闭\n')
  return 0
}

async function reset(choices: Choices): Promise<number> {
  const answer = await call('reset', choices, 'api/v1/console/reset', { by: askerOf(choices.by) })
  if (!answer) return 1
  print(`every person is forgotten 人员已清除\nclaim code 认领码: ${answer.claimCode ?? ''}\n`)
  return 0
}

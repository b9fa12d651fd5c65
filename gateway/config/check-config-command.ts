// `gengfu check-config`: reads a gateway or centre configuration and names every problem at once.
import { Command, CommanderError } from 'commander'
import { readGatewayConfig } from './config.ts'

export async function runCheckConfig(argv: readonly string[]): Promise<void> {
  const program = new Command('gengfu check-config')
    .description('read a gateway configuration and name every problem at once 检查网关配置')
    .requiredOption('--config <file>', 'YAML configuration 配置文件')
    .exitOverride()
    .action(({ config }: { config: string }) => check(config))
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function check(file: string): void {
  const config = readGatewayConfig(file)
  if (config.ok) {
    const { box, devices, zones, cameras } = config.value
    process.stdout.write(
      `${file}: good 没有问题 (box ${box.id}, ${devices.length} devices, ${zones.length} zones, ${cameras.length} cameras)\n`,
    )
    return
  }
  process.stderr.write(`${file}: ${config.problems.length} problem(s) 个问题\n`)
  for (const { path, message } of config.problems)
    process.stderr.write(`  ${path === '' ? '(file)' : path}: ${message}\n`)
  process.exitCode = 2
}

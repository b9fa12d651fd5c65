// `gengfu centre authority status|rotate|server|end`: another authority for the boxes, by overlap, also while the centre runs.
import { existsSync, readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { parseAuthorities } from '../../platform/certificates/certificate-check.ts'
import { nextOf } from '../../platform/certificates/next-file.ts'
import { print } from '../../platform/terminal.ts'
import { createSystemClock } from '../../protocols/kit/clock.ts'
import type { CentreConfig } from '../config/config.ts'
import { beginRotation, endRotation, isIssuedBy, trustingFiles } from '../enrolment/change-authority.ts'
import { renewServerCertificate } from '../enrolment/server-certificate.ts'
import { openTown } from '../storage/open-town.ts'
import { addScopeFunction } from '../storage/sqlite/scope-column.ts'
import { createEnrolmentReader } from '../storage/sqlite/enrolment/enrolment-table.ts'
import { UsageFailure } from './usage-failure.ts'

const daysDefault = 7300
const serverDaysDefault = 730

interface Flags {
  config: string
  days?: string
  force?: true
}

export function addAuthorityCommands(program: Command, load: (file: string) => CentreConfig): void {
  const authority = program
    .command('authority')
    .description('签发机构的更换 / the authority of the boxes, and another one in its place')
  const config = (): Option =>
    new Option('--config <file>', '配置文件 / configuration (YAML)').makeOptionMandatory()
  authority
    .command('status')
    .description('有几台网关仍用旧机构的证书 / how many boxes still have a certificate of the old one')
    .addOption(config())
    .action((flags: Flags) => status(load(flags.config)))
  authority
    .command('rotate')
    .description('在旧机构旁建立新机构，两者同时有效 / a new authority beside the old one; both count')
    .addOption(config())
    .option('--days <days>', '新机构有效天数 / life of the new one', String(daysDefault))
    .action(async (flags: Flags) => rotate(load(flags.config), Number.parseInt(flags.days ?? '', 10)))
  authority
    .command('server')
    .description(
      '重新签发监听端口的证书（同一私钥、名称与地址） / the certificates of the listeners anew, for the same keys and names',
    )
    .addOption(config())
    .option('--days <days>', '有效天数 / life', String(serverDaysDefault))
    .action(async (flags: Flags) => renewServers(load(flags.config), Number.parseInt(flags.days ?? '', 10)))
  authority
    .command('end')
    .description('旧机构到此为止 / the old authority ends')
    .addOption(config())
    .option('--force', '仍有网关未换证也结束 / also while boxes have not followed yet')
    .action(async (flags: Flags) => end(load(flags.config), flags.force === true))
}

function filesOf({ enrolment, uplink, http }: CentreConfig) {
  if (!enrolment)
    throw new UsageFailure(
      '配置中没有 enrolment / the configuration has no section enrolment: see the handbook',
    )
  const { certFile, keyFile } = enrolment.authority
  const caFiles = uplink.listeners.flatMap(({ tls }) => (tls?.caFile === undefined ? [] : [tls.caFile]))
  // Boxes enrol and renew at the desk's port.
  const listeners = [...uplink.listeners, http]
  const serverFiles = [...new Set(listeners.flatMap(({ tls }) => (tls ? [tls.certFile] : [])))]
  return { files: { certFile, keyFile }, trusting: trustingFiles(caFiles, certFile), serverFiles }
}

/** Boxes whose valid certificates are all of the old authority. */
function leftBehind(config: CentreConfig, oldPem: string): string[] {
  const nowMs = createSystemClock().wallMs()
  const db = openTown(config, 'reader', nowMs)
  try {
    addScopeFunction(db)
    const left = new Set<string>()
    const followed = new Set<string>()
    const [old] = parseAuthorities(oldPem)
    for (const { box, pem } of createEnrolmentReader(db).validCertificates(nowMs)) {
      const [leaf] = parseAuthorities(pem)
      const isOld =
        leaf !== undefined && old !== undefined && leaf.checkIssued(old) && leaf.verify(old.publicKey)
      ;(isOld ? left : followed).add(box)
    }
    return [...left].filter((box) => !followed.has(box)).sort()
  } finally {
    db.close()
  }
}

function status(config: CentreConfig): void {
  const { files } = filesOf(config)
  const isUnderWay = existsSync(nextOf(files.certFile))
  const left = isUnderWay ? leftBehind(config, readFileSync(files.certFile, 'utf8')) : []
  print(
    isUnderWay
      ? `正在更换，尚未换证的网关 ${left.length} 台 / a change is under way; boxes that have not followed yet: ${left.length}\n`
      : '没有更换 / no change is under way\n',
  )
  for (const box of left.slice(0, 100)) print(`  ${box}\n`)
}

async function rotate(config: CentreConfig, days: number): Promise<void> {
  if (!(days >= 1 && days <= 36_500)) throw new UsageFailure('--days: 1 .. 36500')
  const { files, trusting, serverFiles } = filesOf(config)
  const old = readFileSync(files.certFile, 'utf8')
  const outcome = await beginRotation(files, trusting, createSystemClock().wallMs(), days)
  print(
    outcome === 'begun'
      ? `新机构 / the new authority: ${nextOf(files.certFile)}\n网关在 6 小时内自动换证 / boxes follow by themselves within 6 hours\n`
      : '更换已在进行 / the change is under way already\n',
  )
  for (const file of serverFiles.filter((one) => isIssuedBy(one, old)))
    print(
      `${file} 由旧机构签发：网关都换证后、结束旧机构前，请运行 gengfu centre authority server / is of the old one: run gengfu centre authority server before the old one ends\n`,
    )
}

/** Certificates of other authorities, such as a public one of the desk, stay. */
async function renewServers(config: CentreConfig, days: number): Promise<void> {
  if (!(days >= 1 && days <= 36_500)) throw new UsageFailure('--days: 1 .. 36500')
  const { files, serverFiles } = filesOf(config)
  const authorities = [files.certFile, nextOf(files.certFile)]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
  const own = serverFiles.filter((file) => authorities.some((pem) => isIssuedBy(file, pem)))
  if (own.length === 0)
    throw new UsageFailure('没有由本机构签发的监听端口证书 / no listener has a certificate of this authority')
  for (const file of own) {
    await renewServerCertificate(file, files, createSystemClock().wallMs(), days)
    print(`${file} 已重新签发，运行中的中心会自动读取 / issued anew; the running centre reads it by itself\n`)
  }
}

async function end(config: CentreConfig, isForced: boolean): Promise<void> {
  const { files, trusting, serverFiles } = filesOf(config)
  if (!existsSync(nextOf(files.certFile))) throw new UsageFailure('没有更换 / no change is under way')
  const old = readFileSync(files.certFile, 'utf8')
  const servers = serverFiles.filter((one) => isIssuedBy(one, old))
  const left = leftBehind(config, old)
  if (!isForced && servers.length > 0)
    throw new UsageFailure(
      `${servers.join(', ')} 仍由旧机构签发，网关将连不上 / is still of the old authority, boxes would trust it no more`,
    )
  if (!isForced && left.length > 0)
    throw new UsageFailure(
      `${left.length} 台网关尚未换证，加 --force 则它们须用新注册码 / boxes have not followed yet; with --force they need a new code: ${left.slice(0, 10).join(', ')}`,
    )
  await endRotation(files, trusting)
  print('旧机构已结束 / the old authority has ended\n')
}

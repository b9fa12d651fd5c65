// Proves a backup: every byte of the database against the manifest, every page and index, the whole audit trail, every
// picture, and a start as a centre would do it, on a copy in a temporary folder.
import { copyFile, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { inspectDatabase, openAsCentre } from '../sqlite/database-copy.ts'
import {
  attachmentsName,
  databaseName,
  headsName,
  picturesName,
  plainFile,
  readManifest,
  sha256Of,
  type Manifest,
} from './backup-folder.ts'

export interface Proof {
  isGood: boolean
  /** One sentence each, in both languages. */
  lines: { isGood: boolean; zh: string; en: string }[]
}

export interface ProveOptions {
  backup: string
  nowMs: number
  onProgress?: (done: number, of: number) => void
}

/** Pictures that are listed by name. */
const namedMax = 5
/** Read at the end of the heads noted outside; three of them are compared. */
const headsBytesMax = 64 * 1024

export async function proveBackup({
  backup,
  nowMs,
  onProgress = () => undefined,
}: ProveOptions): Promise<Proof> {
  const lines: Proof['lines'] = []
  const report = (isGood: boolean, zh: string, en: string): boolean => {
    lines.push({ isGood, zh, en })
    return isGood
  }
  const end = (): Proof => ({ isGood: lines.every((line) => line.isGood), lines })
  const manifest = readManifest(backup)
  if (!manifest) {
    report(
      false,
      `${backup} 没有可读的 manifest.json，不是完整备份`,
      `${backup} has no readable manifest.json: it is no finished backup`,
    )
    return end()
  }
  const database = join(backup, databaseName)
  const isSame = await isDatabaseOf(database, manifest)
  report(isSame, '数据库文件与清单一致', 'the database file is the one of the manifest')
  if (!isSame) return end()
  const finding = inspectDatabase(database, manifest.auditHead)
  if (
    !report(
      finding.faults.length === 0,
      `数据库逐页检查：${finding.faults[0] ?? '完好'}`,
      `every page read: ${finding.faults[0] ?? 'sound'}`,
    )
  )
    return end()
  report(
    finding.audit?.isGood === true,
    `操作记录 ${finding.audit?.entries ?? 0} 条核对`,
    `audit trail verified, ${finding.audit?.entries ?? 0} entries`,
  )
  const heads = await headsOf(join(backup, headsName))
  for (const head of heads.slice(-3))
    report(
      inspectDatabase(database, head).audit?.isGood === true,
      `另存的末值 ${head.slice(0, 12)} 在记录中`,
      `the head ${head.slice(0, 12)} noted outside stands in the trail`,
    )
  const counted = Object.entries(manifest.rows).filter(([table, rows]) => finding.facts?.rows[table] !== rows)
  report(
    counted.length === 0,
    `行数与清单一致（${manifest.rows['records'] ?? 0} 条记录）`,
    `rows as in the manifest (${manifest.rows['records'] ?? 0} records)`,
  )
  await proveFiles(
    join(dirname(backup), picturesName),
    manifest.pictures,
    ['张图片', 'pictures'],
    report,
    onProgress,
  )
  const { attachments } = manifest
  if (attachments.length > 0)
    await proveFiles(
      join(dirname(backup), attachmentsName),
      attachments,
      ['个附件', 'attachments'],
      report,
      onProgress,
    )
  await proveStart(database, nowMs, report)
  return end()
}

const isDatabaseOf = async (file: string, { databaseBytes, databaseSha256 }: Manifest): Promise<boolean> =>
  plainFile(file)?.size === databaseBytes && (await sha256Of(file)) === databaseSha256

/** The newest, at the end of the file. */
async function headsOf(file: string): Promise<string[]> {
  const size = plainFile(file)?.size
  if (size === undefined) return []
  const bytes = Buffer.alloc(Math.min(size, headsBytesMax))
  const handle = await open(file)
  try {
    await handle.read(bytes, 0, bytes.length, size - bytes.length)
  } finally {
    await handle.close()
  }
  const found = bytes.toString('utf8').matchAll(/"head":"([0-9a-f]{64})"/g)
  return [...found].map(([, head = '']) => head)
}

async function proveFiles(
  folder: string,
  files: readonly string[],
  [zh, en]: readonly [string, string],
  report: (isGood: boolean, zh: string, en: string) => boolean,
  onProgress: (done: number, of: number) => void,
): Promise<void> {
  const bad: string[] = []
  for (const [i, name] of files.entries()) {
    if (i % 500 === 0) onProgress(i, files.length)
    const file = join(folder, name)
    if (!plainFile(file) || (await sha256Of(file)) !== basename(name, '.jpg')) bad.push(name)
  }
  const named = bad.slice(0, namedMax).join(', ')
  report(
    bad.length === 0,
    bad.length === 0 ? `${files.length} ${zh}逐一核对` : `${bad.length} ${zh}缺失或损坏：${named}`,
    bad.length === 0
      ? `${files.length} ${en} compared with their names`
      : `${bad.length} ${en} are missing or spoilt: ${named}`,
  )
}

async function proveStart(
  database: string,
  nowMs: number,
  report: (isGood: boolean, zh: string, en: string) => boolean,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gengfu-drill-'))
  try {
    const copy = join(folder, databaseName)
    await copyFile(database, copy)
    openAsCentre(copy, nowMs)
    report(true, '本程序能打开它', 'this program opens it')
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    report(false, `本程序打不开：${reason}`, `this program cannot open it: ${reason}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

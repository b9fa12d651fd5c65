// `gengfu gateway enrol`: a code, or the address in its QR code, becomes the box's name, certificate and way to the centre.
import { becomeOwnerOf } from '../../platform/rights/folder-owner.ts'
import { printProblem, print } from '../../platform/terminal.ts'
import { parseEnrolmentCode, parseEnrolmentUrl } from '../../protocols/enrolment/enrolment-code.ts'
import { bad, describeProblems, ok, type Result } from '../../protocols/kit/result.ts'
import { readGatewayConfig } from '../config/config.ts'
import { enrolWithCentre, type EnrolOptions } from '../config/enrolment/enrol-with-centre.ts'
import { placeEnrolledFiles } from '../config/enrolment/enrolled-file.ts'

export interface EnrolFlags {
  config: string
  centre?: string
}

/** The address of the QR code, or a typed code and where the centre is. */
function linkOf(codeOrUrl: string, centre: string | undefined): Result<EnrolOptions['link']> {
  if (codeOrUrl.includes('#')) return parseEnrolmentUrl(codeOrUrl)
  const code = parseEnrolmentCode(codeOrUrl)
  if (!code.ok) return code
  if (centre === undefined) return bad('--centre https://town.example is needed with a code 需要 --centre')
  if (!/^https?:\/\/[^\s#?]+$/.test(centre)) return bad('--centre: an address such as https://town.example')
  return ok({ code: code.value, centre: centre.replace(/\/+$/, '') })
}

/** The program's exit code. */
export async function enrolBox(codeOrUrl: string, { config: file, centre }: EnrolFlags): Promise<number> {
  const config = readGatewayConfig(file)
  if (config.ok) becomeOwnerOf(config.value.dataDir)
  const link = config.ok ? linkOf(codeOrUrl, centre) : config
  const done =
    config.ok && link.ok
      ? await enrolWithCentre({ dataDir: config.value.dataDir, link: link.value })
      : undefined
  const problem = config.ok ? (link.ok ? done : link) : config
  if (problem && !problem.ok) {
    printProblem(`gengfu gateway enrol: ${describeProblems(problem.problems)}\n`)
    return 2
  }
  if (!config.ok || !done?.ok) return 2
  placeEnrolledFiles(config.value.dataDir, done.value)
  const { box, name, uplinkUrl } = done.value
  print(`${box}${name === undefined ? '' : ` (${name})`}: enrolled, Reports go to ${uplinkUrl}\n`)
  const after = readGatewayConfig(file)
  if (!after.ok) printProblem(`${file}: ${describeProblems(after.problems)}\n`)
  print('Restart the box to use it 重启网关后生效: systemctl restart gengfu-gateway\n')
  return after.ok ? 0 : 2
}

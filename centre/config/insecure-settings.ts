// Finds insecure settings in the configuration of a centre; `check-config` and the start warn about each.
import { namedFilesOf, openFiles } from '../../platform/strangers/insecure-settings.ts'
import type { Problem } from '../../protocols/kit/result.ts'
import { isLoopback } from '../../platform/loopback.ts'
import type { CentreConfig } from './config.ts'

export function findInsecureSettings(config: CentreConfig): Problem[] {
  return [
    ...openListeners(config),
    ...openFiles([
      ...namedFilesOf(config),
      // Hashes of passwords and tokens, and every alarm.
      { path: 'dataDir', file: config.dataDir, isSecret: true },
    ]),
  ]
}

function openListeners({ http, uplink }: CentreConfig): Problem[] {
  const problems: Problem[] = []
  if (!isLoopback(http.host) && !http.tls)
    problems.push({
      path: 'http.tls',
      message: `passwords and alarms cross the network of ${http.host} in plain text: add tls, or listen on 127.0.0.1 behind a proxy 密码与报警以明文传输`,
    })
  uplink.listeners.forEach(({ host, tls }, i) => {
    if (isLoopback(host)) return
    // The configuration itself refuses a listener off loopback without TLS.
    if (uplink.anonymous)
      problems.push({
        path: `uplink.listeners.${i}`,
        message: `any machine that reaches ${host} may report as any box: set uplink.anonymous to false 任何人都可冒充网关`,
      })
    else if (tls && tls.caFile === undefined && uplink.passwordFile === undefined)
      problems.push({
        path: `uplink.listeners.${i}.tls`,
        message: 'no box can prove its name: add tls.caFile or uplink.passwordFile 网关无法证明身份',
      })
  })
  return problems
}

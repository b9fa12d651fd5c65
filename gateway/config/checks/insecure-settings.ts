// Finds insecure settings: devices that connect from outside this machine without authentication or encryption, and
// secret files that all users may read. The gateway still starts; the start and `check-config` warn about each setting.
import { namedFilesOf, openFiles } from '../../../platform/strangers/insecure-settings.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import { isLoopback } from '../../../platform/loopback.ts'
import type { GatewayConfig } from '../config.ts'

export function findInsecureSettings(config: GatewayConfig): Problem[] {
  return [...openListeners(config), ...openFiles(namedFilesOf(config))]
}

function openListeners({ mqtt, console: page }: GatewayConfig): Problem[] {
  const problems = mqtt.listeners.flatMap(({ host, tls }, i): Problem[] => {
    if (isLoopback(host)) return []
    const found: Problem[] = []
    if (mqtt.anonymous && tls?.requireClientCertificate !== true)
      found.push({
        path: `mqtt.listeners.${i}`,
        message: `any machine that reaches ${host} may report as any device: set mqtt.anonymous to false 任何人都可冒充设备`,
      })
    if (!tls)
      found.push({
        path: `mqtt.listeners.${i}.tls`,
        message: `passwords and reports cross the network of ${host} in plain text: add tls, or keep that network apart 密码与报文以明文传输`,
      })
    return found
  })
  if (!isLoopback(page.host))
    problems.push({
      path: 'console.host',
      message: `/healthz and /metrics answer any machine that reaches ${page.host} 该网络中的任何人都可读取状态`,
    })
  return problems
}

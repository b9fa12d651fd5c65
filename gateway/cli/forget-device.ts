// Requests that the box forgets the message ids of a device, for the installer's command line.
import { isDeviceId } from '../../protocols/domain/names.ts'
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { requestForget } from '../intake/forget-request.ts'

export function forgetDevice(dataDir: string, device: string): Result<string> {
  if (!isDeviceId(device))
    return bad(
      `${JSON.stringify(device)} is not a valid device id: allowed are letters, digits, dot, dash, underscore`,
    )
  try {
    requestForget(dataDir, device)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return bad(`there is no ${dataDir}: start the box once, or check dataDir`)
    return bad(`${dataDir}: ${(error as Error).message}; run this as root or as the user of the service`)
  }
  return ok(
    `${device}: the running box forgets its message ids within two seconds, a stopped one when it starts. 两秒内生效；未运行则在启动时生效。`,
  )
}

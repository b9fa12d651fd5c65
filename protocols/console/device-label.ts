// What stands in the QR code, or in print, on a device: our own label, LoRaWAN (TR005), a Zigbee install code, or a bare address.
import { deviceIdPattern } from '../domain/names.ts'
import { bad, ok, type Result } from '../kit/result.ts'

export interface DeviceLabel {
  id?: string
  kind?: string
  name?: string
  address?: string
  /** Set for a device behind a bridge: the radio that the bridge uses. */
  technology?: 'lorawan' | 'zigbee'
}

/** `gengfu:ID?kind=K&name=N`: no secret in it, so it may hang on a lamp post. */
export function deviceLabelText({ id, kind, name }: { id: string; kind?: string; name?: string }): string {
  const parts = Object.entries({ kind, name }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  )
  return `gengfu:${id}${parts.length > 0 ? `?${parts.join('&')}` : ''}`
}

function parseOwn(text: string): Result<DeviceLabel> {
  const [, id = '', rest = ''] = /^gengfu:([^?]{1,64})(?:\?(.{0,400}))?$/.exec(text) ?? []
  if (!deviceIdPattern.test(id)) return bad('the id on the label is none 标签编号无效')
  const label: DeviceLabel = { id }
  for (const part of rest.split('&')) {
    const [key, value = ''] = part.split('=', 2)
    if (key !== 'kind' && key !== 'name') continue
    try {
      label[key] = decodeURIComponent(value).slice(0, 120)
    } catch {
      return bad('the label can not be read 无法识别标签')
    }
  }
  return ok(label)
}

export function parseDeviceLabel(typed: string): Result<DeviceLabel> {
  const text = typed.trim()
  if (text === '' || text.length > 600) return bad('a code or an address 请输入编号或地址')
  if (text.startsWith('gengfu:')) return parseOwn(text)
  // LoRa Alliance TR005: LW:D0:JoinEUI:DevEUI:ProfileID...
  const lora = /^LW:D0:[0-9A-F]{16}:([0-9A-F]{16})(:|$)/i.exec(text)
  if (lora) return ok({ address: (lora[1] ?? '').toLowerCase(), technology: 'lorawan' })
  // Zigbee: Z:EUI64$I:CODE, as install codes are printed.
  const zigbee = /(?:^|[^0-9A-Z])Z:([0-9A-F]{16})(?:\$|$)/i.exec(text)
  if (zigbee) return ok({ address: `0x${(zigbee[1] ?? '').toLowerCase()}`, technology: 'zigbee' })
  const plain = text.replace(/[:\s-]/g, '')
  if (/^0x[0-9a-f]{16}$/i.test(plain)) return ok({ address: plain.toLowerCase(), technology: 'zigbee' })
  if (/^([0-9a-f]{16}|[0-9a-f]{12})$/i.test(plain)) return ok({ address: plain.toLowerCase() })
  if (deviceIdPattern.test(text)) return ok({ id: text })
  return bad('neither a label, an address nor an id 不是标签、地址或编号')
}

/** What a device needs to connect: in its own QR code, shown once. */
export const credentialText = (
  { host, port, isTls }: { host: string; port: number; isTls: boolean },
  { device, password }: { device: string; password: string },
): string => JSON.stringify({ host, port, tls: isTls, user: device, password })

// Twenty devices of four dialects: the list that a desk prepares, and what each of them sends when it is triggered.
import { connectAsync } from 'mqtt'

const dialects = ['native', 'tasmota', 'shelly', 'home-assistant'] as const
const kinds = ['按钮', '门磁', '烟感', '水位'] as const

export const deviceCount = 20
/** A siren that sends nothing: it stays red in the walk test. */
export const quietDevice = 20

/** Rows below `编号;类型;防区;名称;方言;主题`. */
export const deviceLines: readonly string[] = Array.from({ length: deviceCount }, (_, at) => {
  const n = at + 1
  if (n === quietDevice) return `d-${n};警号;第5户;设备 ${n};;`
  const of = at % dialects.length
  const own = of === 0 ? ';' : `${dialects[of] ?? ''};d-${n}`
  return `d-${n};${kinds[of] ?? ''};第${(at % 5) + 1}户;设备 ${n};${own}`
})

interface Message {
  topic: string
  payload: string
  retain?: boolean
}

function messagesOf(n: number): Message[] {
  const id = `d-${n}`
  const mac = `A4CF12F4${String(5000 + n)}`
  switch (dialects[(n - 1) % dialects.length]) {
    case 'tasmota':
      return [
        {
          topic: `tasmota/discovery/${mac}/config`,
          payload: JSON.stringify({
            dn: id,
            mac,
            md: 'Generic',
            t: id,
            ft: '%prefix%/%topic%/',
            swn: ['Door'],
          }),
          retain: true,
        },
        { topic: `tele/${id}/SENSOR`, payload: JSON.stringify({ Time: '2026-11-29T10:00:00', Door: 'ON' }) },
      ]
    case 'shelly':
      return [{ topic: `shellies/${id}/sensor/smoke`, payload: 'true' }]
    case 'home-assistant':
      return [
        {
          topic: `homeassistant/sensor/${id}/level/config`,
          payload: JSON.stringify({
            name: 'water_level',
            stat_t: `${id}/sensor/water_level/state`,
            unit_of_meas: 'cm',
            uniq_id: `${id}-level`,
            dev: { ids: mac.toLowerCase(), name: id },
          }),
          retain: true,
        },
        { topic: `${id}/sensor/water_level/state`, payload: '90' },
      ]
    default:
      return [
        {
          topic: `gengfu/v1/${id}/event`,
          payload: JSON.stringify({ id: `1-${n}`, button: 'pressed', batteryPercent: 90, signalDbm: -60 }),
        },
      ]
  }
}

/** As the device itself sends it, with its own credential. */
export async function trigger(url: string, n: number, password: string): Promise<void> {
  const id = `d-${n}`
  const client = await connectAsync(url, { clientId: id, username: id, password, reconnectPeriod: 0 })
  for (const { topic, payload, retain = false } of messagesOf(n))
    await client.publishAsync(topic, payload, { qos: 1, retain })
  await client.endAsync()
}

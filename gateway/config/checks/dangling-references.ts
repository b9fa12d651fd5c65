// Names in the configuration that lead to nothing: rules, cameras and schedules without effect. The gateway starts all
// the same and logs them, since the rest still protects the village; `check-config` reports them as problems.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Problem } from '../../../protocols/kit/result.ts'
import type { DeviceKind, Span } from '../alarm-settings.ts'
import type { GatewayConfig } from '../config.ts'

const sensorKinds: ReadonlySet<DeviceKind> = new Set([
  'button',
  'contact',
  'water',
  'motion',
  'leak',
  'camera',
])
/** The commands under `do`, and the kinds of device that do not support them although they support others. */
const unableKinds: Record<string, readonly DeviceKind[]> = lookup({
  siren: ['lamp', 'sign'],
  lamp: ['loudspeaker'],
  sign: ['siren', 'lamp', 'loudspeaker'],
})

export function findDanglingReferences(config: GatewayConfig): Problem[] {
  return [...rulesWithoutEffect(config), ...zonesAndCameras(config), ...equalEnds(config)]
}

function nothing(path: string, list: string, id: string): Problem {
  return { path, message: `there is no "${id}" in ${list} ${list} 中没有 "${id}"` }
}

function rulesWithoutEffect({ rules, devices, cameras }: GatewayConfig): Problem[] {
  const kinds = new Map<string, DeviceKind>(devices.map(({ id, kind }) => [id, kind]))
  const speakers = new Set([...kinds.keys(), ...cameras.map(({ id }) => id)])
  return rules.flatMap((rule, i) => {
    const problems: Problem[] = []
    const kind = kinds.get(rule.device)
    if (kind === undefined) problems.push(nothing(`rules.${i}.device`, 'devices[].id', rule.device))
    else if (sensorKinds.has(kind) || unableKinds[rule.do]?.includes(kind))
      problems.push({
        path: `rules.${i}.device`,
        message: `"${rule.device}" is of kind ${kind}, which can not do "${rule.do}" 该设备不能执行 ${rule.do}`,
      })
    for (const id of rule.when.devices ?? [])
      if (!speakers.has(id)) problems.push(nothing(`rules.${i}.when.devices`, 'devices[].id', id))
    return problems
  })
}

function zonesAndCameras({ zones, cameras, pictures }: GatewayConfig): Problem[] {
  const [zoneIds, cameraIds] = [new Set(zones.map(({ id }) => id)), new Set(cameras.map(({ id }) => id))]
  const ofZones = zones.flatMap(({ cameras: named = [] }, i) =>
    named.filter((id) => !cameraIds.has(id)).map((id) => nothing(`zones.${i}.cameras`, 'cameras[].id', id)),
  )
  const ofCameras = cameras.flatMap(({ zone, user, passwordFile }, i) => {
    const problems = zone
      .filter((id) => !zoneIds.has(id))
      .map((id) => nothing(`cameras.${i}.zone`, 'zones[].id', id))
    if (user !== undefined && passwordFile === undefined && pictures.keyFile === undefined)
      problems.push({
        path: `cameras.${i}.passwordFile`,
        message: `user without a password: name a passwordFile, or pictures.keyFile and give the password at the console 缺少摄像机密码`,
      })
    return problems
  })
  return [...ofZones, ...ofCameras]
}

/** Equal ends mean the whole day; at another hour than midnight it is more likely a slip. */
function equalEnds({ zones, rules }: GatewayConfig): Problem[] {
  const judge = (path: string, span: Span): Problem[] =>
    span.from === span.to && span.from !== 0
      ? [
          {
            path,
            message:
              'from and to are the same: that is the whole day; write 00:00 for both if it is meant 起止时间相同即全天，若确为全天请都写 00:00',
          },
        ]
      : []
  return [
    ...zones.flatMap(({ schedule = [] }, i) =>
      schedule.flatMap((span, at) => judge(`zones.${i}.schedule.${at}`, span)),
    ),
    ...rules.flatMap(({ when }, i) => (when.during ? judge(`rules.${i}.when.during`, when.during) : [])),
  ]
}

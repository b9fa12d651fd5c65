// Home Assistant's discovery messages may shorten their keys. This is the public list, as far as these keys are read
// here; other keys stay as they are.
import { isObject, lookup } from '../../../protocols/kit/parse-json.ts'

const keys: Record<string, string> = lookup({
  atype: 'automation_type',
  avty: 'availability',
  avty_mode: 'availability_mode',
  avty_t: 'availability_topic',
  avty_tpl: 'availability_template',
  cmd_t: 'command_topic',
  cmd_tpl: 'command_template',
  cmps: 'components',
  dev: 'device',
  dev_cla: 'device_class',
  evt_typ: 'event_types',
  exp_aft: 'expire_after',
  json_attr_t: 'json_attributes_topic',
  o: 'origin',
  obj_id: 'object_id',
  off_dly: 'off_delay',
  p: 'platform',
  pl: 'payload',
  pl_avail: 'payload_available',
  pl_not_avail: 'payload_not_available',
  pl_off: 'payload_off',
  pl_on: 'payload_on',
  stat_off: 'state_off',
  stat_on: 'state_on',
  stat_t: 'state_topic',
  stype: 'subtype',
  t: 'topic',
  uniq_id: 'unique_id',
  unit_of_meas: 'unit_of_measurement',
  val_tpl: 'value_template',
})
const deviceKeys: Record<string, string> = lookup({
  cns: 'connections',
  ids: 'identifiers',
  mdl: 'model',
  mdl_id: 'model_id',
  mf: 'manufacturer',
  sn: 'serial_number',
  sw: 'sw_version',
  hw: 'hw_version',
  sa: 'suggested_area',
  cu: 'configuration_url',
})

const renamed = (source: Record<string, unknown>, names: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(source).map(([key, value]) => [
      Object.hasOwn(names, key) ? (names[key] ?? key) : key,
      value,
    ]),
  )

/** `~` at the start or end of a topic stands for the base given as `~`. */
function withBase(value: unknown, base: unknown): unknown {
  if (typeof value !== 'string' || typeof base !== 'string') return value
  if (value.startsWith('~')) return base + value.slice(1)
  return value.endsWith('~') ? value.slice(0, -1) + base : value
}

/** Keys in full, topics with their base. `base` is that of the whole device, if the part has none. */
export function expand(
  source: Record<string, unknown>,
  base: unknown = source['~'],
): Record<string, unknown> {
  const full = renamed(source, keys)
  const own = full['~'] ?? base
  for (const [key, value] of Object.entries(full))
    if (key === 'topic' || key.endsWith('_topic')) full[key] = withBase(value, own)
  if (Array.isArray(full['availability']))
    full['availability'] = (full['availability'] as unknown[]).map((one) =>
      isObject(one) ? expand(one, own) : one,
    )
  if (isObject(full['device'])) full['device'] = renamed(full['device'], deviceKeys)
  return full
}

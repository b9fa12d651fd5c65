// Links that open the phone's own map at a position: each map gets the position in its own system. Pure.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { fromWgs84, type Position } from '../../../protocols/domain/places/coordinates.ts'

export interface PhoneLink {
  id: 'geo' | 'amap' | 'baidu'
  name: BilingualText
  href: string
}

/** Six digits are a tenth of a metre. */
const text = ({ lat, lon }: Position, order: 'lat-lon' | 'lon-lat'): string => {
  const [first, second] = order === 'lat-lon' ? [lat, lon] : [lon, lat]
  return `${first.toFixed(6)},${second.toFixed(6)}`
}

/** Nothing is asked of these maps before a person presses a link. `at` is WGS-84. */
export function phoneLinks(at: Position, name: string): PhoneLink[] {
  const label = encodeURIComponent(name)
  const plain = text(at, 'lat-lon')
  const amap = text(fromWgs84(at, 'gcj-02'), 'lon-lat')
  const baidu = text(fromWgs84(at, 'bd-09'), 'lat-lon')
  return [
    // RFC 5870: WGS-84. The phone asks which of its maps opens it.
    {
      id: 'geo',
      name: { zh: '手机自带地图', en: "the phone's own map" },
      href: `geo:${plain}?q=${plain}(${label})`,
    },
    {
      id: 'amap',
      name: { zh: '高德', en: 'Amap' },
      href: `https://uri.amap.com/marker?position=${amap}&name=${label}&coordinate=gaode&callnative=1`,
    },
    {
      id: 'baidu',
      name: { zh: '百度', en: 'Baidu' },
      href: `https://api.map.baidu.com/marker?location=${baidu}&title=${label}&content=${label}&coord_type=bd09ll&output=html`,
    },
  ]
}

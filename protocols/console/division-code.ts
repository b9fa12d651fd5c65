// The check of a division code of twelve digits (GB/T 2260 and GB/T 10114): province, city, county, town, village.
import { lookup } from '../kit/parse-json.ts'
import type { BilingualText } from '../domain/alarm.ts'
import { bad, ok, type Result } from '../kit/result.ts'

const provinces: Readonly<Record<string, BilingualText>> = lookup({
  '11': { zh: '北京市', en: 'Beijing' },
  '12': { zh: '天津市', en: 'Tianjin' },
  '13': { zh: '河北省', en: 'Hebei' },
  '14': { zh: '山西省', en: 'Shanxi' },
  '15': { zh: '内蒙古自治区', en: 'Inner Mongolia' },
  '21': { zh: '辽宁省', en: 'Liaoning' },
  '22': { zh: '吉林省', en: 'Jilin' },
  '23': { zh: '黑龙江省', en: 'Heilongjiang' },
  '31': { zh: '上海市', en: 'Shanghai' },
  '32': { zh: '江苏省', en: 'Jiangsu' },
  '33': { zh: '浙江省', en: 'Zhejiang' },
  '34': { zh: '安徽省', en: 'Anhui' },
  '35': { zh: '福建省', en: 'Fujian' },
  '36': { zh: '江西省', en: 'Jiangxi' },
  '37': { zh: '山东省', en: 'Shandong' },
  '41': { zh: '河南省', en: 'Henan' },
  '42': { zh: '湖北省', en: 'Hubei' },
  '43': { zh: '湖南省', en: 'Hunan' },
  '44': { zh: '广东省', en: 'Guangdong' },
  '45': { zh: '广西壮族自治区', en: 'Guangxi' },
  '46': { zh: '海南省', en: 'Hainan' },
  '50': { zh: '重庆市', en: 'Chongqing' },
  '51': { zh: '四川省', en: 'Sichuan' },
  '52': { zh: '贵州省', en: 'Guizhou' },
  '53': { zh: '云南省', en: 'Yunnan' },
  '54': { zh: '西藏自治区', en: 'Tibet' },
  '61': { zh: '陕西省', en: 'Shaanxi' },
  '62': { zh: '甘肃省', en: 'Gansu' },
  '63': { zh: '青海省', en: 'Qinghai' },
  '64': { zh: '宁夏回族自治区', en: 'Ningxia' },
  '65': { zh: '新疆维吾尔自治区', en: 'Xinjiang' },
  '71': { zh: '台湾省', en: 'Taiwan' },
  '81': { zh: '香港特别行政区', en: 'Hong Kong' },
  '82': { zh: '澳门特别行政区', en: 'Macao' },
})

export const provinceOf = (code: string): BilingualText | undefined => provinces[code.slice(0, 2)]

/** A village's code: of a province that exists, and no code of a whole county or town. Full-width digits are read too. */
export function parseVillageCode(typed: string): Result<string> {
  const code = typed.normalize('NFKC').replaceAll(/[\s-]/g, '')
  if (!/^\d{12}$/.test(code)) return bad('twelve digits 应为 12 位数字', 'code')
  if (!provinceOf(code))
    return bad(`there is no province ${code.slice(0, 2)} 没有以 ${code.slice(0, 2)} 开头的省份`, 'code')
  const parts: [from: number, to: number, words: string][] = [
    [2, 4, 'city 市'],
    [4, 6, 'county 县（区）'],
    [6, 9, 'town 乡镇'],
    [9, 12, 'village 村'],
  ]
  const empty = parts.find(([from, to]) => /^0+$/.test(code.slice(from, to)))
  return empty ? bad(`its part for the ${empty[2]} is zero 该段为零`, 'code') : ok(code)
}

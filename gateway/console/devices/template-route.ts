// The empty list of devices to fill in at a desk, as CSV and XLSX, in the language of the page.
import { deviceListTemplate, templateTypes } from '../../../platform/formats/device-list-template.ts'
import { signedIn, type Route } from '../routes/route.ts'

export const templateRoute: Route = {
  method: 'GET',
  path: /^\/api\/v1\/devices\/list\.(csv|xlsx)$/,
  example: '/api/v1/devices/list.csv',
  who: signedIn,
  run: ({ parts: [part], query }) => {
    const type = part === 'csv' ? 'csv' : 'xlsx'
    const language = query.get('lang') === 'en' ? 'en' : 'zh'
    return {
      status: 200,
      type: templateTypes[type],
      content: deviceListTemplate(type, language),
      fileName: `gengfu-devices.${type}`,
    }
  },
}

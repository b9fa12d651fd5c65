// A QR code as a person's phone photographs it: drawn by the browser, at an angle of a hand.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser } from 'playwright-core'

const require = createRequire(import.meta.url)

export async function photoOf(browser: Browser, text: string): Promise<Buffer> {
  const qrcode = readFileSync(require.resolve('qrcode-generator'), 'utf8')
  const drawing = await browser.newPage()
  const data = await drawing.evaluate<string>(
    `(() => { ${qrcode.replaceAll(/^export .*$/gm, '')};
      const code = qrcode(0, 'M'); code.addData(${JSON.stringify(text)}); code.make();
      const count = code.getModuleCount(); const size = 8; const canvas = document.createElement('canvas');
      canvas.width = canvas.height = (count + 16) * size; const context = canvas.getContext('2d');
      context.fillStyle = '#ddd'; context.fillRect(0, 0, canvas.width, canvas.height);
      context.translate(canvas.width / 2, canvas.height / 2); context.rotate(0.06); context.fillStyle = '#fff';
      context.fillRect(-(count / 2 + 4) * size, -(count / 2 + 4) * size, (count + 8) * size, (count + 8) * size); context.fillStyle = '#111';
      for (let r = 0; r < count; r++) for (let c = 0; c < count; c++)
        if (code.isDark(r, c)) context.fillRect((c - count / 2) * size, (r - count / 2) * size, size + 0.5, size + 0.5);
      return canvas.toDataURL('image/png').split(',')[1] })()`,
  )
  await drawing.close()
  return Buffer.from(data, 'base64')
}

// Reads a QR code from a photo: a page without TLS gets no live camera, but any phone takes a picture for a file field.
import jsQR from 'jsqr'

/** A camera of 48 megapixels gives more than the reader needs; a second try in full finds small codes. */
const sidesMax = [1000, 2000]

export async function readQrPhoto(file: Blob): Promise<string | undefined> {
  const url = URL.createObjectURL(file)
  try {
    const image = await loadImage(url)
    for (const sideMax of sidesMax) {
      const scale = Math.min(1, sideMax / Math.max(image.naturalWidth, image.naturalHeight))
      const [width, height] = [image.naturalWidth, image.naturalHeight].map((side) =>
        Math.max(1, Math.round(side * scale)),
      )
      const canvas = document.createElement('canvas')
      canvas.width = width ?? 1
      canvas.height = height ?? 1
      const context = canvas.getContext('2d')
      if (!context) return undefined
      context.drawImage(image, 0, 0, canvas.width, canvas.height)
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      const found = jsQR(data, canvas.width, canvas.height)
      if (found && found.data !== '') return found.data
    }
    return undefined
  } catch {
    return undefined
  } finally {
    URL.revokeObjectURL(url)
  }
}

function loadImage(url: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image()
    image.addEventListener('load', () => resolve(image))
    image.addEventListener('error', () => reject(new Error('not a picture')))
    image.src = url
  })
}

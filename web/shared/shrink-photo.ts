// Makes a photo of the phone small enough for a bad link. Drawing it anew also removes its place and its camera.
const sideMax = 1280
const quality = 0.7

export interface SmallPhoto {
  /** Base64. */
  data: string
  bytes: number
}

export async function shrinkPhoto(file: Blob): Promise<SmallPhoto> {
  const image = await loadImage(await readAsUrl(file))
  const scale = Math.min(1, sideMax / Math.max(image.naturalWidth, image.naturalHeight))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale))
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale))
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no canvas')
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  const data = canvas.toDataURL('image/jpeg', quality).split(',')[1] ?? ''
  const padding = /=*$/.exec(data)?.[0].length ?? 0
  return { data, bytes: (data.length / 4) * 3 - padding }
}

function readAsUrl(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () =>
      typeof reader.result === 'string' ? resolve(reader.result) : reject(new Error('not read')),
    )
    reader.addEventListener('error', () => reject(new Error('not read')))
    reader.readAsDataURL(file)
  })
}

function loadImage(url: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image()
    image.addEventListener('load', () => resolve(image))
    image.addEventListener('error', () => reject(new Error('not a picture')))
    image.src = url
  })
}

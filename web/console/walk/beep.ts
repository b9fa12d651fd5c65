// A short tone for each device that is heard. Browsers allow sound only after a press: the page calls `arm` there.
let context: AudioContext | undefined

export function arm(): void {
  try {
    context ??= new AudioContext()
    void context.resume()
  } catch {
    // Without sound the page itself still shows each device.
  }
}

export function beep(): void {
  if (!context) return
  const tone = context.createOscillator()
  const volume = context.createGain()
  const seconds = 0.18
  tone.frequency.value = 880
  volume.gain.setValueAtTime(0.4, context.currentTime)
  volume.gain.linearRampToValueAtTime(0, context.currentTime + seconds)
  tone.connect(volume)
  volume.connect(context.destination)
  tone.start()
  tone.stop(context.currentTime + seconds)
}

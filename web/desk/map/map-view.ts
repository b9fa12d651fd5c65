// The part of the map that draws: Leaflet with marks that are real buttons, a plan as an overlay, and tiles if the town has some. It
// writes no markup: marks are elements with text.
import 'leaflet/dist/leaflet.css'
import {
  control,
  CRS,
  divIcon,
  imageOverlay,
  latLng,
  latLngBounds,
  map as createMap,
  marker,
  type GridLayer,
  type ImageOverlay,
  type LatLngBounds,
  type LatLngTuple,
  type Map as LeafletMap,
  type Marker,
} from 'leaflet'

export interface MapPoint {
  id: string
  at: LatLngTuple
  /** Shown beside the mark, and read aloud with `state`. */
  name: string
  state: string
  symbol: string
  /** For the style sheet: `is-red is-waiting`. */
  look: string
  /** Its name is shown without a pointer on it. */
  isLoud: boolean
}

export interface MapViewOptions {
  /** `drawing`: a plan without a place on the map. */
  kind: 'earth' | 'drawing'
  zoomIn: string
  zoomOut: string
  onPick: (id: string) => void
}

/** A town that is one village is not shown at the scale of a house. */
const townZoomMax = 16
const markPx = 26

interface Shown {
  marker: Marker
  symbol: HTMLElement
  name: HTMLElement
}

export class MapView {
  readonly #map: LeafletMap
  readonly #shown = new Map<string, Shown>()
  readonly #onPick: (id: string) => void
  #overlay: ImageOverlay | undefined

  constructor(host: HTMLElement, { kind, zoomIn, zoomOut, onPick }: MapViewOptions) {
    this.#onPick = onPick
    const isDrawing = kind === 'drawing'
    this.#map = createMap(host, {
      crs: isDrawing ? CRS.Simple : CRS.EPSG3857,
      attributionControl: false,
      zoomControl: false,
      zoomAnimation: false,
      fadeAnimation: false,
      markerZoomAnimation: false,
      inertia: false,
      ...(isDrawing ? { minZoom: -6, maxZoom: 3, zoomSnap: 0.25 } : { minZoom: 3, maxZoom: 20 }),
    })
    control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(this.#map)
    if (!isDrawing) control.scale({ imperial: false }).addTo(this.#map)
    this.#map.setView([0, 0], isDrawing ? 0 : 3)
  }

  /** Marks are changed in place: the keyboard stays where it is. */
  setPoints(points: readonly MapPoint[]): void {
    const wanted = new Set(points.map(({ id }) => id))
    for (const [id, { marker: old }] of this.#shown)
      if (!wanted.has(id)) {
        old.remove()
        this.#shown.delete(id)
      }
    for (const point of points) this.#put(point)
  }

  #put(point: MapPoint): void {
    const shown = this.#shown.get(point.id) ?? this.#create(point)
    shown.marker.setLatLng(point.at)
    shown.marker.setZIndexOffset(point.isLoud ? 1000 : 0)
    shown.symbol.textContent = point.symbol
    shown.name.textContent = point.name
    const element = shown.marker.getElement()
    if (!element) return
    element.setAttribute('aria-label', `${point.name}: ${point.state}`)
    element.setAttribute('data-mark', point.id)
    for (const name of Array.from(element.classList))
      if (name.startsWith('is-')) element.classList.remove(name)
    element.classList.add(...point.look.split(' ').filter(Boolean))
    element.classList.toggle('is-loud', point.isLoud)
  }

  #create({ id, at }: MapPoint): Shown {
    const html = document.createElement('span')
    const symbol = html.appendChild(document.createElement('span'))
    symbol.className = 'mark-symbol'
    const name = html.appendChild(document.createElement('span'))
    name.className = 'mark-name'
    html.className = 'mark-body'
    const icon = divIcon({ className: 'map-mark', html, iconSize: [markPx, markPx] })
    const made = marker(at, { icon, keyboard: true, riseOnHover: true }).addTo(this.#map)
    made.on('click', () => this.#onPick(id))
    made.on('keypress', ({ originalEvent }) => {
      if (originalEvent.key === 'Enter' || originalEvent.key === ' ') this.#onPick(id)
    })
    const shown = { marker: made, symbol, name }
    this.#shown.set(id, shown)
    return shown
  }

  /** `south-west` and `north-east`. */
  setPlan(address: string, corners: [LatLngTuple, LatLngTuple], alt: string): void {
    this.#overlay?.remove()
    this.#overlay = imageOverlay(address, corners, { alt, className: 'map-plan' }).addTo(this.#map)
    this.#map.fitBounds(corners)
  }

  addTiles(layer: GridLayer): void {
    layer.addTo(this.#map)
    this.#overlay?.bringToFront()
  }

  fit(): void {
    const bounds: LatLngBounds = latLngBounds([])
    for (const { marker: one } of this.#shown.values()) bounds.extend(one.getLatLng())
    if (bounds.isValid()) this.#map.fitBounds(bounds.pad(0.15), { maxZoom: townZoomMax })
  }

  show(id: string): void {
    const at = this.#shown.get(id)?.marker.getLatLng()
    if (at) this.#map.panTo(latLng(at), { animate: false })
  }

  resize(): void {
    this.#map.invalidateSize({ animate: false })
  }

  remove(): void {
    this.#map.remove()
  }
}

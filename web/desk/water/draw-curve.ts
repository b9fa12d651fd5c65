// Draws the curve with uPlot: the level as a line, each stage as a line of its colour with its name. Colours are those of the page.
import 'uplot/dist/uPlot.min.css'
import UPlot from 'uplot'
import type { LevelSample } from '../../../protocols/desk/villages/levels.ts'
import type { StageLevel, WaterStage } from '../../../protocols/domain/places/water-stages.ts'

export interface CurveWords {
  stageName: (stage: WaterStage) => string
  timeText: (atMs: number) => string
  metres: (mm: number) => string
}

const heightPx = 260
const stageTokens: Record<WaterStage, string> = {
  'near-warning': '--blue',
  warning: '--yellow',
  guarantee: '--orange',
  historic: '--red',
}
/** Room above the highest and below the lowest of curve and stages, as a share. */
const marginShare = 0.08

function rangeOf(samples: readonly LevelSample[], stages: readonly StageLevel[]): [number, number] {
  const values = [...samples.map(([, mm]) => mm), ...stages.map(({ mm }) => mm)]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const margin = Math.max(50, (high - low) * marginShare)
  return [low - margin, high + margin]
}

/** The plot in `host`; the caller destroys it. */
export function drawCurve(
  host: HTMLElement,
  samples: readonly LevelSample[],
  stages: readonly StageLevel[],
  { stageName, timeText, metres }: CurveWords,
): { resize: () => void; destroy: () => void } {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string): string => style.getPropertyValue(name).trim()
  const font = `13px ${getComputedStyle(host).fontFamily}`
  const axis = {
    stroke: token('--soft'),
    font,
    grid: { stroke: token('--line'), width: 1 },
    ticks: { stroke: token('--line') },
  }

  function drawStages(plot: UPlot): void {
    const { ctx, bbox } = plot
    const ratio = window.devicePixelRatio
    ctx.save()
    ctx.font = `${13 * ratio}px ${getComputedStyle(host).fontFamily}`
    ctx.textBaseline = 'bottom'
    ctx.textAlign = 'left'
    for (const { stage, mm } of stages) {
      const y = Math.round(plot.valToPos(mm, 'y', true))
      ctx.strokeStyle = token(stageTokens[stage])
      ctx.lineWidth = 2 * ratio
      ctx.setLineDash([6 * ratio, 4 * ratio])
      ctx.beginPath()
      ctx.moveTo(bbox.left, y)
      ctx.lineTo(bbox.left + bbox.width, y)
      ctx.stroke()
      ctx.fillStyle = token('--ink')
      ctx.fillText(`${stageName(stage)} ${metres(mm)}`, bbox.left + 6 * ratio, y - 2 * ratio)
    }
    ctx.restore()
  }

  const plot = new UPlot(
    {
      width: Math.max(200, host.clientWidth),
      height: heightPx,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: () => rangeOf(samples, stages) } },
      axes: [
        { ...axis, space: 90, values: (_plot, splits) => splits.map((at) => timeText(at * 1000)) },
        { ...axis, size: 56, values: (_plot, splits) => splits.map((mm) => metres(mm)) },
      ],
      series: [{}, { stroke: token('--ink'), width: 2, points: { show: samples.length < 60, size: 5 } }],
      hooks: { draw: [drawStages] },
    },
    [samples.map(([atMs]) => atMs / 1000), samples.map(([, mm]) => mm)],
    host,
  )
  return {
    resize: () => plot.setSize({ width: Math.max(200, host.clientWidth), height: heightPx }),
    destroy: () => plot.destroy(),
  }
}

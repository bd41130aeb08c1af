// The chart of one cell's samples: two lines over time, and hatched where nothing was known.

import { number, time } from "./words.js";

const NARROW = 600;
const SHOWN_SECONDS_MIN = 2 * 60;
const AXIS_MILLISECONDS_MIN = 100;
const EVENTS_MIN = 10;

const [SECOND, MINUTE, HOUR] = [1000, 60 * 1000, 60 * 60 * 1000];
const AXIS_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 6, 12, 24, 48, 240, 1200].map((count) => count * HOUR),
];

/** The cursor goes only where the page puts it. */
const UNBOUND = Object.fromEntries(
  ["mousedown", "mouseup", "click", "dblclick", "mousemove", "mouseleave", "mouseenter"].map((name) => [name, () => null]),
);

export class Chart {
  constructor(container) {
    this.container = container;
    this.unknown = [];
    this.isNarrow = container.clientWidth < NARROW;
    this.plot = new uPlot(this.#options(), [[], [], []], container);
  }

  destroy() {
    this.plot.destroy();
  }

  /** Take the container's width. Returns false if the chart must be made again for it. */
  resize() {
    if (this.container.clientWidth < NARROW !== this.isNarrow) return false;
    this.plot.setSize(this.#size());
    return true;
  }

  draw(samples, place) {
    const { events, milliseconds } = samples.columns[place];
    const most = (values, floor) => Math.max(floor, ...values.filter((value) => value !== null));
    const now = samples.at[samples.last];
    this.unknown = samples.unknown(place);
    this.plot.setData([samples.at, milliseconds, events], false);
    this.plot.batch(() => {
      this.plot.setScale("x", { min: Math.min(samples.at[0], now - SHOWN_SECONDS_MIN), max: now });
      this.plot.setScale("age", { min: 0, max: 1.1 * most(milliseconds, AXIS_MILLISECONDS_MIN) });
      this.plot.setScale("count", { min: 0, max: 1.1 * most(events, EVENTS_MIN) });
    });
  }

  /** Show the cursor at that time, or nowhere for null. */
  point(at) {
    this.plot.setCursor(at === null ? { left: -10, top: -10 } : { left: this.plot.valToPos(at, "x"), top: 0 });
  }

  /** The time at that place of the window. */
  at(clientX) {
    return this.plot.posToVal(clientX - this.plot.over.getBoundingClientRect().left, "x");
  }

  #size() {
    return { width: Math.max(240, this.container.clientWidth), height: this.isNarrow ? 190 : 230 };
  }

  #options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--muted"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line"), width: 1 },
    };
    const line = { points: { show: false } };
    return {
      ...this.#size(),
      pxAlign: true,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { y: false, drag: { x: false, y: false }, bind: UNBOUND },
      legend: { show: false },
      scales: { x: { time: true, auto: false }, age: { auto: false }, count: { auto: false } },
      axes: [
        { ...axis, values: (_, ticks, __, ___, step) => ticks.map((at) => time(at * 1000).slice(0, step < 60 ? 8 : 5)), space: 80, size: 34 },
        { ...axis, scale: "age", incrs: AXIS_STEPS, size: this.isNarrow ? 64 : 70, values: (_, ticks) => ticks.map(short) },
        { ...axis, scale: "count", side: 1, size: this.isNarrow ? 40 : 56, grid: { show: false }, values: (_, ticks) => ticks.map(whole) },
      ],
      series: [
        {},
        { ...line, scale: "age", stroke: colour("--chart"), fill: colour("--chart-fill"), width: 2 },
        { ...line, scale: "count", stroke: colour("--chart-second"), width: 1.5, dash: [5, 4] },
      ],
      hooks: { drawAxes: [(plot) => hatchAll(plot, this.unknown, colour("--hatch"))] },
    };
  }
}

/** A tick of the axis: 500 ms, 2 s, 5 min, 2 h. */
function short(milliseconds) {
  if (milliseconds < SECOND) return `${milliseconds} ms`;
  if (milliseconds < 2 * MINUTE) return `${milliseconds / SECOND} s`;
  if (milliseconds < 2 * HOUR) return `${Math.round((10 * milliseconds) / MINUTE) / 10} min`;
  return `${Math.round((10 * milliseconds) / HOUR) / 10} h`;
}

function whole(value) {
  return Number.isInteger(value) ? number(value) : "";
}

/** Hatch the spans in which nothing was known: a gap alone would look like no lag. */
function hatchAll(plot, spans, stroke) {
  const { left, top, width, height } = plot.bbox;
  const context = plot.ctx;
  context.save();
  context.strokeStyle = stroke;
  context.lineWidth = devicePixelRatio;
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  for (const [start, end] of spans) {
    const from = plot.valToPos(start, "x", true);
    hatch(context, from, top, Math.max(plot.valToPos(end, "x", true), from + devicePixelRatio), top + height);
  }
  context.restore();
}

function hatch(context, left, top, right, bottom) {
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.beginPath();
  const step = 8 * devicePixelRatio;
  const height = bottom - top;
  for (let x = Math.floor((left - height) / step) * step; x < right; x += step) {
    context.moveTo(x, bottom);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}

// The last 15 minutes of one cell: how old its oldest missing event was, and how many were missing.

import { duration, events, number, time } from "./words.js";

const SECONDS = 15 * 60;
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

export class TimeLine {
  constructor(container, sentence) {
    this.container = container;
    this.sentence = sentence;
    this.at = [];
    this.columns = [];
    this.place = 0;
    this.chart = null;
    new ResizeObserver(() => this.#resize()).observe(container);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#make());
  }

  /** Take what was remembered in the service. */
  remember(past) {
    const known = (column) => column.map((value) => (value === past.not_known ? null : value));
    this.at = past.at_milliseconds.map((at) => at / 1000);
    this.columns = past.events.map((column, place) => ({ events: known(column), milliseconds: known(past.milliseconds[place]) }));
  }

  /** Take the present. What was last heard of a cell that is not known any more is not what it is. */
  add(present) {
    const at = present.at_milliseconds / 1000;
    if (this.columns.length !== present.cells.length) {
      this.at = [];
      this.columns = present.cells.map(() => ({ events: [], milliseconds: [] }));
    }
    // The server's clock may have gone back: what it says now counts.
    while (this.at.length && this.at.at(-1) >= at) {
      this.at.pop();
      for (const column of this.columns) {
        column.events.pop();
        column.milliseconds.pop();
      }
    }
    this.at.push(at);
    present.cells.forEach((cell, place) => {
      const isKnown = !["last_heard", "never_heard", "other_log"].includes(cell.certainty);
      this.columns[place].events.push(isKnown ? cell.events : null);
      this.columns[place].milliseconds.push(isKnown ? cell.milliseconds : null);
    });
    const old = this.at.findIndex((one) => one > at - SECONDS);
    if (old > 0) {
      this.at.splice(0, old);
      for (const column of this.columns) {
        column.events.splice(0, old);
        column.milliseconds.splice(0, old);
      }
    }
    this.draw();
  }

  look(place) {
    this.place = place;
    this.draw();
  }

  draw() {
    const column = this.columns[this.place];
    if (!column || !this.at.length) return;
    if (!this.chart) this.#make();
    this.chart.setData([this.at, column.milliseconds, column.events], false);
    const now = this.at.at(-1);
    const most = (values, floor) => Math.max(floor, ...values.filter((value) => value !== null));
    this.chart.batch(() => {
      this.chart.setScale("x", { min: Math.min(this.at[0], now - SHOWN_SECONDS_MIN), max: now });
      this.chart.setScale("age", { min: 0, max: 1.1 * most(column.milliseconds, AXIS_MILLISECONDS_MIN) });
      this.chart.setScale("count", { min: 0, max: 1.1 * most(column.events, EVENTS_MIN) });
    });
    if (this.chart.cursor.idx === null || this.chart.cursor.left < 0) this.chart.setLegend({ idx: this.at.length - 1 });
    this.#say(column);
  }

  #say(column) {
    let worst = -1;
    column.milliseconds.forEach((value, index) => {
      if (value !== null && value > (column.milliseconds[worst] ?? 0)) worst = index;
    });
    const unknown = column.events.filter((value) => value === null).length;
    const words = [
      worst < 0 ? "Nothing was missing" : `At most ${duration(column.milliseconds[worst])}, at ${time(this.at[worst] * 1000)}`,
      ...(unknown ? [`not known for ${duration(unknown * 1000)} (hatched)`] : []),
    ];
    const text = `${words.join("; ")}.`;
    if (this.sentence.textContent !== text) this.sentence.textContent = text;
  }

  #size() {
    return { width: Math.max(240, this.container.clientWidth), height: this.container.clientWidth < 600 ? 200 : 240 };
  }

  #resize() {
    if (this.chart) this.chart.setSize(this.#size());
  }

  #make() {
    this.chart?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--muted"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line"), width: 1 },
    };
    const isNarrow = this.container.clientWidth < 600;
    this.chart = new uPlot(
      {
        ...this.#size(),
        pxAlign: true,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { live: true },
        scales: { x: { time: true, auto: false }, age: { auto: false }, count: { auto: false } },
        axes: [
          { ...axis, values: (_, ticks, __, ___, step) => ticks.map((at) => time(at * 1000).slice(0, step < 60 ? 8 : 5)), space: 80 },
          { ...axis, scale: "age", incrs: AXIS_STEPS, size: isNarrow ? 64 : 70, values: (_, ticks) => ticks.map((value) => short(value)) },
          { ...axis, scale: "count", side: 1, size: isNarrow ? 40 : 56, grid: { show: false }, values: (_, ticks) => ticks.map(whole) },
        ],
        series: [
          { label: "at", value: (_, at) => (at === null ? "" : time(at * 1000)) },
          {
            label: "age of the oldest",
            scale: "age",
            stroke: colour("--chart"),
            fill: colour("--chart-fill"),
            width: 2,
            points: { show: false },
            value: (_, value) => (value === null ? "–" : duration(value)),
          },
          {
            label: "events",
            scale: "count",
            stroke: colour("--chart-second"),
            width: 1.5,
            dash: [5, 4],
            points: { show: false },
            value: (_, value) => (value === null ? "–" : events(value)),
          },
        ],
        hooks: { drawAxes: [(chart) => hatchUnknown(chart, colour("--hatch"))] },
      },
      [[], [], []],
      this.container,
    );
    this.draw();
  }
}

/** 500 ms, 2 s, 5 min, 2 h: a tick of the axis. */
function short(milliseconds) {
  if (milliseconds < SECOND) return `${milliseconds} ms`;
  if (milliseconds < 2 * MINUTE) return `${milliseconds / SECOND} s`;
  if (milliseconds < 2 * HOUR) return `${Math.round((10 * milliseconds) / MINUTE) / 10} min`;
  return `${Math.round((10 * milliseconds) / HOUR) / 10} h`;
}

function whole(value) {
  return Number.isInteger(value) ? number(value) : "";
}

/** Where it is not known what was missing, the chart says so: a gap alone would look like nothing. */
function hatchUnknown(chart, stroke) {
  const [at, , counts] = chart.data;
  const { left, top, width, height } = chart.bbox;
  const context = chart.ctx;
  context.save();
  context.strokeStyle = stroke;
  context.lineWidth = devicePixelRatio;
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  for (let start = 0; start < at.length; start += 1) {
    if (counts[start] !== null) continue;
    let end = start;
    while (end + 1 < at.length && counts[end + 1] === null) end += 1;
    const from = chart.valToPos(at[start] - 0.5, "x", true);
    const to = chart.valToPos(at[end] + 0.5, "x", true);
    hatch(context, from, top, Math.max(to, from + devicePixelRatio), top + height);
    start = end;
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

// The last 15 minutes of one cell: the age of its oldest missing event, and how many were missing. The page shows one
// moment in words: where the pointer is, else where the keyboard, a click or a finger has gone to, else the latest.

import { Chart } from "./chart.js";
import { Samples } from "./samples.js";
import { momentInWords, pastInWords, time, worstInWords } from "./words.js";

const STEP_SAMPLES = 1;
const PAGE_SECONDS = 60;

export class TimeLine {
  /** `container` holds the chart and its cursor, `sentence` sums it up, `moment` shows one moment in words. */
  constructor({ container, sentence, moment }) {
    this.container = container;
    this.sentence = sentence;
    this.moment = moment;
    this.samples = new Samples();
    this.place = 0;
    this.chart = null;
    this.pointedX = null;
    this.walkedAt = null;
    new ResizeObserver(() => this.chart && !this.chart.resize() && this.#make()).observe(container);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.chart && this.#make());
    this.#listen();
  }

  remember(past) {
    this.samples.remember(past);
  }

  add(present) {
    this.samples.add(present);
    this.#draw();
  }

  look(place) {
    this.place = place;
    this.#draw();
  }

  /** The worst of the last 15 minutes of any cell, on the page of `here`: its place, or null for none, and a sentence. */
  worst(names, here) {
    const worst = this.samples.worst(names.indexOf(here));
    return { place: worst === null ? null : worst.place, sentence: worstInWords(worst, this.samples, names) };
  }

  #make() {
    this.chart?.destroy();
    this.chart = new Chart(this.container);
    this.#draw();
  }

  #draw() {
    if (!this.samples.at.length || this.place >= this.samples.columns.length) return;
    if (!this.chart) {
      this.container.setAttribute("role", "slider");
      this.container.tabIndex = 0;
      this.#make();
      return;
    }
    this.chart.draw(this.samples, this.place);
    setText(this.sentence, pastInWords(this.samples, this.place));
    this.#read();
  }

  #listen() {
    const { container } = this;
    container.addEventListener("keydown", (event) => this.#walk(event));
    container.addEventListener("focus", () => this.#walkTo(this.walkedAt ?? this.samples.at[this.samples.last]));
    // While another window has the focus, this is still the active element.
    container.addEventListener("blur", () => document.activeElement === container || this.#walkTo(null));
    container.addEventListener("pointerleave", () => this.#pointTo(null));
    for (const name of ["pointermove", "pointerdown"]) {
      container.addEventListener(name, (event) => {
        if (event.buttons && this.chart) this.walkedAt = this.#timeAt(event.clientX);
        this.#pointTo(event.clientX);
      });
    }
  }

  /** The moment stays while time goes on: a screen reader reads it once. */
  #walk(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { at, last } = this.samples;
    const here = this.#index();
    const to = {
      ArrowLeft: () => here - STEP_SAMPLES,
      ArrowDown: () => here - STEP_SAMPLES,
      ArrowRight: () => here + STEP_SAMPLES,
      ArrowUp: () => here + STEP_SAMPLES,
      PageDown: () => Math.min(here - 1, this.samples.closest(at[here] - PAGE_SECONDS)),
      PageUp: () => Math.max(here + 1, this.samples.closest(at[here] + PAGE_SECONDS)),
      Home: () => 0,
      End: () => last,
    }[event.key];
    if (!to) return;
    event.preventDefault();
    this.pointedX = null;
    this.#walkTo(at[Math.max(0, Math.min(last, to()))]);
  }

  #walkTo(at) {
    this.walkedAt = at;
    this.#read();
  }

  #pointTo(clientX) {
    this.pointedX = clientX;
    this.#read();
  }

  #timeAt(clientX) {
    return this.samples.at[this.samples.closest(this.chart.at(clientX))];
  }

  #index() {
    const at = this.pointedX === null ? this.walkedAt : this.chart.at(this.pointedX);
    return at === null ? this.samples.last : this.samples.closest(at);
  }

  #read() {
    if (!this.chart) return;
    const index = this.#index();
    const { at, columns } = this.samples;
    const { events, milliseconds } = columns[this.place];
    const isLatest = this.pointedX === null && this.walkedAt === null;
    this.chart.point(isLatest ? null : at[index]);
    const words = momentInWords({ milliseconds: milliseconds[index], events: events[index] });
    const [when, age, count] = this.moment.querySelectorAll("dd");
    setText(this.moment.querySelector("dt"), isLatest ? "latest" : "at");
    setText(when, time(at[index] * 1000));
    setText(age, words.age);
    setText(count, words.events);
    setAttributes(this.container, {
      "aria-valuemin": Math.round(at[0]),
      "aria-valuemax": Math.round(at.at(-1)),
      "aria-valuenow": Math.round(at[index]),
      "aria-valuetext": `${time(at[index] * 1000)} UTC: ${words.label}`,
    });
  }
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

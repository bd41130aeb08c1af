// What is remembered of every cell: a quarter of an hour, and no more however long the page is open. Nothing here touches the page.

const SECONDS = 15 * 60;
const GAP_SECONDS = 3;
const NO_NUMBER = ["last_heard", "never_heard", "other_log"];

export class Samples {
  constructor() {
    this.#forget(0);
  }

  /** Take what was remembered in the service, in the place of what was here. */
  remember(past) {
    this.#forget(past.events.length);
    const known = (value) => (value === past.not_known ? null : value);
    past.at_milliseconds.forEach((milliseconds, index) => {
      this.#push(
        milliseconds / 1000,
        past.events.map((column) => known(column[index])),
        past.milliseconds.map((column) => known(column[index])),
      );
    });
  }

  /** Take the present. What was last heard of a cell that is not known any more is not what it is. */
  add(present) {
    const at = present.at_milliseconds / 1000;
    const numbers = present.cells.map((cell) => (NO_NUMBER.includes(cell.certainty) ? { events: null, milliseconds: null } : cell));
    if (this.columns.length !== numbers.length) this.#forget(numbers.length);
    // The server's clock may have gone back: what it says now counts.
    while (this.at.length && this.at.at(-1) >= at) this.#each((column) => column.pop());
    this.#push(
      at,
      numbers.map(({ events }) => events),
      numbers.map(({ milliseconds }) => milliseconds),
    );
    const old = this.at.findIndex((one) => one > at - SECONDS);
    if (old > 0) this.#each((column) => column.splice(0, old));
  }

  get last() {
    return this.at.length - 1;
  }

  /** Which one is of that time, or closest to it. */
  closest(at) {
    const next = this.at.findIndex((one) => one >= at);
    if (next < 0) return this.last;
    return next > 0 && at - this.at[next - 1] < this.at[next] - at ? next - 1 : next;
  }

  /** From when until when nothing was known of a cell: from what is known before to what is known after it. */
  unknown(place) {
    const { events } = this.columns[place];
    const found = [];
    for (let start = 0; start < events.length; start += 1) {
      if (events[start] !== null) continue;
      let end = start;
      while (end < this.last && events[end + 1] === null) end += 1;
      found.push([this.at[Math.max(0, start - 1)], this.at[Math.min(this.last, end + 1)]]);
      start = end;
    }
    return found;
  }

  #forget(count) {
    this.at = [];
    this.columns = Array.from({ length: count }, () => ({ events: [], milliseconds: [] }));
  }

  /** Where the service has not looked for a while, it is not known what there was, and no line leads across. */
  #push(at, events, milliseconds) {
    const before = this.at.at(-1);
    if (at - before > GAP_SECONDS) {
      this.at.push((before + at) / 2);
      for (const column of this.columns) {
        column.events.push(null);
        column.milliseconds.push(null);
      }
    }
    this.at.push(at);
    this.columns.forEach((column, place) => {
      column.events.push(events[place]);
      column.milliseconds.push(milliseconds[place]);
    });
  }

  #each(change) {
    change(this.at);
    for (const column of this.columns) {
      change(column.events);
      change(column.milliseconds);
    }
  }
}

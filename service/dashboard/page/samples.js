// The last 15 minutes of every cell, and no more, however long the page is open. Nothing here touches the page.

const SECONDS = 15 * 60;
const GAP_SECONDS = 3;
const WORTH_SHOWING_MILLISECONDS = 1000;
const NO_NUMBER = ["last_heard", "never_heard", "other_log"];

/**
 * How much an unknown cell of a matrix with `count` regions says on the page of the region in `row`, from 0 to 2: what
 * that region misses of another log says most, and what a region misses of its own log says least.
 */
export function interestOfUnknown(place, count, row) {
  const behind = Math.floor(place / count);
  if (behind === place % count) return 0;
  return behind === row ? 2 : 1;
}

export class Samples {
  constructor() {
    this.#forget(0);
  }

  /** Replace everything with what the service remembers. */
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

  /** Add the present. What was last heard of a cell is not what it is now. */
  add(present) {
    const at = present.at_milliseconds / 1000;
    const numbers = present.cells.map((cell) => (NO_NUMBER.includes(cell.certainty) ? { events: null, milliseconds: null } : cell));
    if (this.columns.length !== numbers.length) this.#forget(numbers.length);
    // The server's clock may have gone back. Its present time counts.
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

  /** The index of the sample closest to that time. */
  closest(at) {
    const next = this.at.findIndex((one) => one >= at);
    if (next < 0) return this.last;
    return next > 0 && at - this.at[next - 1] < this.at[next] - at ? next - 1 : next;
  }

  /** The spans in which nothing was known of a cell: from the last known sample before to the first one after. */
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

  /**
   * The cell with the worst past: the oldest event of at least a second, else the longest time of not knowing.
   * Returns { place, milliseconds, index } or { place, seconds }, or null if nothing was worse than events under way.
   * Of cells that were unknown equally long, one in the `row` of the page's region comes first.
   */
  worst(row) {
    const worst = { place: 0, milliseconds: 0, index: 0 };
    this.columns.forEach(({ milliseconds }, place) => {
      milliseconds.forEach((value, index) => {
        if (value > worst.milliseconds) Object.assign(worst, { place, milliseconds: value, index });
      });
    });
    return worst.milliseconds >= WORTH_SHOWING_MILLISECONDS ? worst : this.#longestUnknown(row);
  }

  #longestUnknown(row) {
    const seconds = this.columns.map((_, place) => this.secondsUnknown(place));
    const longest = Math.max(0, ...seconds);
    if (longest <= GAP_SECONDS) return null;
    const count = Math.sqrt(seconds.length);
    const interest = (place) => (seconds[place] < longest - GAP_SECONDS ? -1 : interestOfUnknown(place, count, row));
    const place = seconds.reduce((best, _, one) => (interest(one) > interest(best) ? one : best), 0);
    return { place, seconds: seconds[place] };
  }

  /** For how long nothing was known of a cell. */
  secondsUnknown(place) {
    if (!this.columns[place].events.includes(null)) return 0;
    return this.unknown(place).reduce((sum, [from, to]) => sum + to - from, 0);
  }

  #forget(count) {
    this.at = [];
    this.columns = Array.from({ length: count }, () => ({ events: [], milliseconds: [] }));
  }

  /** While the service took no samples, nothing was known. No line crosses such a gap. */
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

// Clocks, counters and command line of every peer on Node: what bench/measure.py is for Python.
import { parseArgs } from "node:util";

/** Milliseconds since the epoch with fractions; comparable between processes of one machine. */
export const epochMs = () => performance.timeOrigin + performance.now();

/** Wall time and this process' processor time (user and system, all threads) between start() and stop(). */
export class Stopwatch {
  start() {
    this.cpuAtStart = process.cpuUsage();
    this.started = performance.now();
  }

  stop() {
    this.seconds = (performance.now() - this.started) / 1e3;
    const used = process.cpuUsage(this.cpuAtStart);
    this.cpuMicroseconds = used.user + used.system;
  }
}

/** Counts a worker's jobs, opens the window when the warm-up is over and closes it on the last job. */
export class Tally {
  window = new Stopwatch();
  latenciesMs = [];
  #started = 0;
  #finished = new Set();

  constructor(load) {
    this.load = load;
    this.over = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    this.over.catch(() => {}); // drained() reports it, however late it is called
  }

  handlerStarted(sentMs) {
    this.#started += 1;
    if (this.#started > this.load.warmup) this.latenciesMs.push(epochMs() - sentMs);
  }

  /** A job that ran twice counts once. */
  jobFinished(key) {
    const before = this.#finished.size;
    if (this.#finished.add(key).size === before) return;
    if (before + 1 === this.load.warmup) this.window.start();
    if (before + 1 === this.load.total) {
      this.window.stop();
      this.resolve();
    }
  }

  drained() {
    return this.over;
  }

  get extraStarts() {
    return this.#started - this.load.total;
  }
}

/** The nearest-rank percentile (0-100) of a non-empty array. */
function percentile(values, percent) {
  const ranked = values.toSorted((a, b) => a - b);
  return ranked[Math.max(0, Math.ceil((ranked.length * percent) / 100) - 1)];
}

const rounded = (number, digits) => Number(number.toFixed(digits));

export const percentiles = (durationsMs) => ({
  p50_ms: rounded(percentile(durationsMs, 50), 3),
  p99_ms: rounded(percentile(durationsMs, 99), 3),
});

/** A finished measurement as bench/protocol.py's Figures; `more` are fields that only some modes have. */
export function figures(subject, mode, jobs, window, more) {
  return {
    subject,
    mode,
    jobs,
    seconds: rounded(window.seconds, 4),
    jobs_per_s: rounded(jobs / window.seconds, 1),
    cpu_us_per_job: rounded(window.cpuMicroseconds / jobs, 1),
    ...more,
  };
}

/** Calls `add()` for `jobs` jobs with at most `lanes` calls in flight, as that many clients would. */
export async function addInLanes(add, jobs, lanes) {
  let left = jobs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await add();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** The value of an option that counts something; throws a sentence that names it. */
function count(options, name) {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number of at least 1`);
  return value;
}

/** The mode's function, the Redis URL and the load; throws a sentence when something is missing. */
export function readCommandLine(modes) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      redis: { type: "string" },
      jobs: { type: "string" },
      warmup: { type: "string", default: "100" },
      concurrency: { type: "string", default: "50" },
      rate: { type: "string", default: "100" },
    },
  });
  const run = modes[positionals[0]];
  if (!run) throw new Error(`the first argument must be one of ${Object.keys(modes).join(", ")}`);
  if (!values.redis) throw new Error("--redis must be the URL of a Redis that holds nothing of value");
  const names = ["jobs", "warmup", "concurrency", "rate"];
  const load = Object.fromEntries(names.map((name) => [name, count(values, name)]));
  return { run, url: values.redis, load: { ...load, total: load.jobs + load.warmup } };
}

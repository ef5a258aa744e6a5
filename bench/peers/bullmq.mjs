// Stock BullMQ 6 on ioredis, measured as bench/modes.py measures the Python subjects:
// node bullmq.mjs throughput|latency|enqueue --redis URL --jobs N   prints one JSON line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const QUEUE = "bench";
const MOST_SINGLE_ADDS = 1000;

/** Milliseconds since the epoch with fractions; comparable between processes of one machine. */
const epochMs = () => performance.timeOrigin + performance.now();

/** Wall time and this process' processor time (user and system, all threads) between start() and stop(). */
class Stopwatch {
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
class Tally {
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

const percentiles = (durationsMs) => ({
  p50_ms: rounded(percentile(durationsMs, 50), 3),
  p99_ms: rounded(percentile(durationsMs, 99), 3),
});

/** A finished measurement as bench/protocol.py's Figures; `more` are fields that only some modes have. */
function figures(mode, jobs, window, more) {
  return {
    subject: "bullmq",
    mode,
    jobs,
    seconds: rounded(window.seconds, 4),
    jobs_per_s: rounded(jobs / window.seconds, 1),
    cpu_us_per_job: rounded(window.cpuMicroseconds / jobs, 1),
    ...more,
  };
}

/** Calls `use(queue)` with a connected producer. */
async function withQueue(url, use) {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(QUEUE, { connection });
  try {
    await queue.waitUntilReady();
    return await use(queue);
  } finally {
    await queue.close();
    connection.disconnect();
  }
}

/** Calls `use()` while one worker runs; a job counts on "completed", sent once its outcome is in Redis. */
async function withWorker(url, tally, use) {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const handler = async (job) => tally.handlerStarted(job.data.sentMs);
  const worker = new Worker(QUEUE, handler, { connection, concurrency: tally.load.concurrency });
  worker.on("completed", (job) => tally.jobFinished(job.id));
  worker.on("failed", (_job, error) => tally.reject(new Error(`a no-op job failed: ${error.message}`)));
  worker.on("error", (error) => tally.reject(error));
  try {
    await worker.waitUntilReady();
    await use();
  } finally {
    await worker.close();
    connection.disconnect();
  }
}

const add = (queue) => queue.add("noop", { sentMs: epochMs() });

/** Adds `jobs` jobs with at most `lanes` calls in flight, as that many clients would. */
async function addInLanes(queue, jobs, lanes) {
  let left = jobs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await add(queue);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Adds every job, then lets one worker drain them. */
async function throughput(url, load) {
  return withQueue(url, async (queue) => {
    await addInLanes(queue, load.total, load.concurrency);
    const tally = new Tally(load);
    await withWorker(url, tally, () => tally.drained());
    const done = await queue.getCompletedCount();
    if (done !== load.total) throw new Error(`BullMQ says ${done} of ${load.total} jobs are done`);
    return figures("throughput", load.jobs, tally.window, {
      all_jobs: load.total,
      extra_starts: tally.extraStarts,
    });
  });
}

/** An idle worker here, a producer process that adds at `load.rate`: from add to handler start. */
async function latency(url, load) {
  const tally = new Tally(load);
  await withWorker(url, tally, async () => {
    await runProducerProcess();
    await tally.drained();
  });
  return figures("latency", load.jobs, tally.window, {
    all_jobs: load.total,
    extra_starts: tally.extraStarts,
    ...percentiles(tally.latenciesMs),
  });
}

/** Adds one after another (duration of a call), then with many calls in flight (rate, CPU). */
async function enqueue(url, load) {
  return withQueue(url, async (queue) => {
    const singles = Math.min(load.jobs, MOST_SINGLE_ADDS);
    await addInLanes(queue, load.warmup, load.concurrency);
    const callsMs = [];
    for (let number = 0; number < singles; number += 1) {
      const began = performance.now();
      await add(queue);
      callsMs.push(performance.now() - began);
    }
    const window = new Stopwatch();
    window.start();
    await addInLanes(queue, load.jobs, load.concurrency);
    window.stop();
    return figures("enqueue", load.jobs, window, {
      all_jobs: load.total + singles,
      ...percentiles(callsMs),
    });
  });
}

/** The latency mode's other process: adds at `load.rate` without waiting for one add before the next is due. */
async function produce(url, load) {
  await withQueue(url, async (queue) => {
    const adds = [];
    const began = performance.now();
    for (let number = 0; number < load.total; number += 1) {
      await sleep(Math.max(0, began + (number * 1e3) / load.rate - performance.now()));
      adds.push(add(queue));
    }
    await Promise.all(adds);
  });
}

async function runProducerProcess() {
  const command = [fileURLToPath(import.meta.url), "produce", ...process.argv.slice(3)];
  const child = spawn(process.execPath, command, { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the producer process ended with exit code ${code}`);
}

const MODES = { throughput, latency, enqueue, produce };

/** The value of an option that counts something; throws a sentence that names it. */
function count(options, name) {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number of at least 1`);
  return value;
}

function readCommandLine() {
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
  const run = MODES[positionals[0]];
  if (!run) throw new Error(`the first argument must be one of ${Object.keys(MODES).join(", ")}`);
  if (!values.redis) throw new Error("--redis must be the URL of a Redis that holds nothing of value");
  const names = ["jobs", "warmup", "concurrency", "rate"];
  const load = Object.fromEntries(names.map((name) => [name, count(values, name)]));
  return { run, url: values.redis, load: { ...load, total: load.jobs + load.warmup } };
}

try {
  const { run, url, load } = readCommandLine();
  const result = await run(url, load);
  if (result) console.log(JSON.stringify(result));
} catch (error) {
  console.error(`bullmq: ${error.message}`);
  process.exit(1);
}

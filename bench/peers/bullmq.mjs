// Stock BullMQ 6 on ioredis, measured as bench/modes.py measures the Python subjects:
// node bullmq.mjs throughput|latency|enqueue --redis URL --jobs N   prints one JSON line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

import { addInLanes, epochMs, figures, percentiles, readCommandLine, Stopwatch, Tally } from "./measure.mjs";

const NAME = "bullmq";
const QUEUE = "bench";
const MOST_SINGLE_ADDS = 1000;

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

/** Adds every job, then lets one worker drain them. */
async function throughput(url, load) {
  return withQueue(url, async (queue) => {
    await addInLanes(() => add(queue), load.total, load.concurrency);
    const tally = new Tally(load);
    await withWorker(url, tally, () => tally.drained());
    const done = await queue.getCompletedCount();
    if (done !== load.total) throw new Error(`BullMQ says ${done} of ${load.total} jobs are done`);
    return figures(NAME, "throughput", load.jobs, tally.window, {
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
  return figures(NAME, "latency", load.jobs, tally.window, {
    all_jobs: load.total,
    extra_starts: tally.extraStarts,
    ...percentiles(tally.latenciesMs),
  });
}

/** Adds one after another (duration of a call), then with many calls in flight (rate, CPU). */
async function enqueue(url, load) {
  return withQueue(url, async (queue) => {
    const singles = Math.min(load.jobs, MOST_SINGLE_ADDS);
    await addInLanes(() => add(queue), load.warmup, load.concurrency);
    const callsMs = [];
    for (let number = 0; number < singles; number += 1) {
      const began = performance.now();
      await add(queue);
      callsMs.push(performance.now() - began);
    }
    const window = new Stopwatch();
    window.start();
    await addInLanes(() => add(queue), load.jobs, load.concurrency);
    window.stop();
    return figures(NAME, "enqueue", load.jobs, window, {
      all_jobs: load.total + singles,
      ...percentiles(callsMs),
    });
  });
}

/** The latency mode's other process: adds at `load.rate`, never waiting for one add before the next. */
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

try {
  const { run, url, load } = readCommandLine(MODES);
  const result = await run(url, load);
  if (result) console.log(JSON.stringify(result));
} catch (error) {
  console.error(`${NAME}: ${error.message}`);
  process.exit(1);
}

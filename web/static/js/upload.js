/*
 * Sends one file straight into the storage: in one PUT, or in parts that can be paused, retried and
 * gone on with later, also after the page was closed. Bytes never pass through the server's code.
 */

import { ask, post } from "./api.js";

const partBytes = 8 * 2 ** 20; // 5 GiB is 640 of them; what a pause loses is sent again in seconds.
const partsAtOnce = 3;
const tries = 8; // With pauses up to half a minute: two minutes without a network.
const memory = "tallydock-uploads";

class Stopped extends Error {}

function remembered() {
  try { return JSON.parse(localStorage.getItem(memory) ?? "[]"); } catch { return []; }
}

function remember(list) {
  try { localStorage.setItem(memory, JSON.stringify(list.slice(-20))); } catch { /* Then it lasts as long as the page. */ }
}

/** Return the uploads in parts that were begun and not ended: `{fileId, name, size, lastModified, dataset}`. */
export const unfinished = remembered;

export function forget(fileId) {
  remember(remembered().filter((it) => it.fileId !== fileId));
}

/** Return the begun upload of the same file, or undefined. */
export function begunFor(file) {
  return remembered().find((it) => it.name === file.name && it.size === file.size && it.lastModified === file.lastModified);
}

export class Upload {
  /** `onProgress({sent, size, speed})` is called a few times a second. */
  constructor(file, request, { multipartFrom, onProgress, begun }) {
    Object.assign(this, { file, request, multipartFrom, onProgress });
    this.fileId = begun?.fileId ?? null;
    this.inParts = Boolean(begun) || file.size > multipartFrom;
    this.requests = new Set();
    this.partial = new Map();
    this.done = 0;
    this.marks = [];
    this.state = "new";
  }

  /** Send; resolves when the storage has everything, rejects with words to show. */
  async start() {
    this.state = "sending";
    this.marks = [];
    if (this.inParts) await this.sendParts();
    else await this.sendWhole();
    forget(this.fileId);
    this.state = "sent";
    // For one PUT a hint, since the sweep finds it too; parts are joined by it.
    const told = post(`/analytics/files/${this.fileId}/complete`, {});
    await (this.inParts ? told : told.catch(() => null));
  }

  pause() { this.stop("paused"); }

  stop(state) {
    this.state = state;
    for (const request of this.requests) request.abort();
  }

  /** Give the upload up, here and at the appliance. */
  async cancel() {
    this.stop("cancelled");
    if (!this.fileId) return;
    forget(this.fileId);
    await post(`/analytics/files/${this.fileId}/cancel`).catch(() => null);
  }

  get isOver() { return this.state !== "sending"; }

  async sendWhole() {
    const ticket = await post("/analytics/files/upload", this.request);
    this.fileId = ticket.id;
    await this.retrying(() => this.put(ticket.uploadUrl, this.file, 0));
  }

  async sendParts() {
    if (!this.fileId) {
      const size = Math.max(partBytes, Math.ceil(this.file.size / 9000));
      const ticket = await post("/analytics/files/upload", { ...this.request, multipart: { partSizeBytes: size } });
      this.fileId = ticket.id;
      const { name, size: bytes, lastModified } = this.file;
      remember([...remembered(), { fileId: ticket.id, name, size: bytes, lastModified, dataset: this.request.datasetType }]);
    }
    const { partSizeBytes, arrived, parts } = await this.retrying(() => ask(`/analytics/files/${this.fileId}/parts`));
    this.done = arrived.reduce((sum, part) => sum + part.sizeBytes, 0);
    this.tell();
    const queue = parts.map((part) => part.partNumber);
    const urls = new Map(parts.map((part) => [part.partNumber, part.uploadUrl]));
    const lane = async () => {
      while (queue.length) await this.sendPart(queue.shift(), partSizeBytes, urls);
    };
    try {
      await Promise.all(Array.from({ length: partsAtOnce }, lane));
    } catch (fault) {
      queue.length = 0;
      for (const request of this.requests) request.abort();
      throw fault;
    }
  }

  async sendPart(number, size, urls) {
    const begin = (number - 1) * size;
    const piece = this.file.slice(begin, Math.min(begin + size, this.file.size));
    await this.retrying(async (round) => {
      if (round) {
        // The URL may have run out meanwhile; and the part may have arrived although we did not hear.
        const fresh = await ask(`/analytics/files/${this.fileId}/parts`);
        if (fresh.arrived.some((part) => part.partNumber === number)) return;
        for (const part of fresh.parts) urls.set(part.partNumber, part.uploadUrl);
      }
      await this.put(urls.get(number), piece, number);
    });
    this.partial.delete(number);
    this.done += piece.size;
    this.tell();
  }

  /** Try again after faults of the network, with longer and longer pauses, sooner when it is back. */
  async retrying(work) {
    for (let round = 0; ; round += 1) {
      if (this.isOver) throw new Stopped(this.state);
      try {
        return await work(round);
      } catch (fault) {
        if (this.isOver) throw new Stopped(this.state);
        if (!fault.isTransient || round + 1 >= tries) throw fault;
        this.onProgress({ ...this.figures(), isWaiting: true });
        await new Promise((go) => {
          const timer = setTimeout(go, Math.min(30000, 500 * 2 ** round));
          addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
        });
      }
    }
  }

  put(url, body, number) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const end = (fault) => {
        this.requests.delete(request);
        this.partial.delete(number);
        if (fault) reject(fault); else resolve();
      };
      const transient = (words) => Object.assign(new Error(words), { isTransient: true });
      request.upload.onprogress = (event) => { this.partial.set(number, event.loaded); this.tell(); };
      request.onload = () => {
        if (request.status >= 200 && request.status < 300) end();
        else if (request.status >= 500 || (request.status === 403 && number)) end(transient(`The storage answered ${request.status}`));
        else end(new Error(`The storage answered ${request.status}`));
      };
      request.onerror = () => end(transient("The connection broke"));
      request.onabort = () => end(new Stopped(this.state));
      request.open("PUT", url);
      this.requests.add(request);
      request.send(body);
    });
  }

  figures() {
    const sent = Math.min(this.file.size, this.done + [...this.partial.values()].reduce((sum, it) => sum + it, 0));
    const now = performance.now();
    this.marks.push([now, sent]);
    // The speed of the last five seconds: steady to read, and quick to see a change.
    while (this.marks.length > 2 && now - this.marks[0][0] > 5000) this.marks.shift();
    const [then, before] = this.marks[0];
    return { sent, size: this.file.size, speed: now > then ? Math.max(0, ((sent - before) * 1000) / (now - then)) : 0 };
  }

  tell() {
    const now = performance.now();
    if (this.isOver || (now - (this.told ?? 0) < 250 && this.done < this.file.size)) return;
    this.told = now;
    this.onProgress(this.figures());
  }
}

export const isStopped = (fault) => fault instanceof Stopped;

/*
 * Sends one file straight into the storage, by Uppy: in one PUT, or in parts that can be paused,
 * retried and gone on with later, also after the page was closed. Each try is an Uppy of its own,
 * which asks what has arrived and sends the rest; bytes never pass through the server's code.
 */

import { ask, post } from "./api.js";
import { forget, remember } from "./unfinished.js";
import { said } from "./words.js";

const partBytes = 8 * 2 ** 20; // 5 GiB is 640 of them; what a pause loses is sent again in seconds.
const partsAtOnce = 3;
const pauses = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]; // A minute and a half without a network.
const stalledAfter = 4000;

class Stopped extends Error {}

export const isStopped = (fault) => fault instanceof Stopped;

/** Fetched when the first file is sent: no page needs it to be shown. */
const library = () => import("../vendor/uppy-5.2.4/uppy.min.mjs?v=5.2.4");

export class Upload {
  /** `onProgress({sent, size, speed, isWaiting})` is called a few times a second. */
  constructor(file, request, { multipartFrom, onProgress, begun }) {
    Object.assign(this, { file, request, onProgress });
    this.fileId = begun?.fileId ?? null;
    this.inParts = Boolean(begun) || file.size > multipartFrom;
    this.partSize = Math.max(partBytes, Math.ceil(file.size / 9000));
    this.ticket = null;
    this.urls = new Map();
    this.state = "new";
  }

  /** Send; resolves when the storage has everything, rejects with words to show. */
  async start() {
    Object.assign(this, { state: "sending", sent: 0, marks: [] });
    for (let round = 0; ; round += 1) {
      try {
        await this.attempt();
        break;
      } catch (fault) {
        if (this.state !== "sending") throw new Stopped(this.state);
        if (!fault.isTransient || round >= pauses.length) throw fault;
        this.tell(true);
        await this.rest(pauses[round]);
      }
    }
    forget(this.fileId);
    this.state = "sent";
    // For one PUT a hint, since the sweep finds it too; parts were joined by it.
    if (!this.inParts) await post(`/analytics/files/${this.fileId}/complete`, {}).catch(() => null);
  }

  pause() { this.stop("paused"); }

  stop(state) {
    this.state = state;
    this.end?.(new Stopped(state));
    this.wake?.();
  }

  /** Give the upload up, here and at the appliance. */
  async cancel() {
    this.stop("cancelled");
    if (!this.fileId) return;
    forget(this.fileId);
    await post(`/analytics/files/${this.fileId}/cancel`).catch(() => null);
  }

  /** Wait, no longer than until the network is back. */
  rest(pause) {
    return new Promise((go) => {
      this.wake = go;
      setTimeout(go, pause);
      addEventListener("online", go, { once: true });
    });
  }

  async attempt() {
    const { Uppy, AwsS3 } = await library();
    if (this.inParts) await this.begin();
    if (this.state !== "sending") throw new Stopped(this.state);
    const uppy = new Uppy({ logger: { debug() {}, warn() {}, error() {} } });
    uppy.use(AwsS3, {
      limit: partsAtOnce,
      retryDelays: pauses,
      shouldUseMultipart: this.inParts,
      getChunkSize: () => this.partSize,
      getUploadParameters: () => this.begin(),
      createMultipartUpload: () => ({ uploadId: this.fileId, key: this.fileId }),
      listParts: () => this.arrived,
      signPart: (_file, { partNumber }) => this.sign(partNumber),
      completeMultipartUpload: () => post(`/analytics/files/${this.fileId}/complete`, {}).then(() => ({})),
      // A try that broke off is gone on with; what is given up is given up by `cancel`.
      abortMultipartUpload: () => null,
    });
    const id = uppy.addFile({ name: this.file.name, type: this.file.type, data: this.file });
    if (this.inParts) uppy.setFileState(id, { s3Multipart: { uploadId: this.fileId, key: this.fileId } });
    uppy.on("upload-progress", (_file, { bytesUploaded }) => { this.sent = bytesUploaded; this.tell(); });
    const watch = setInterval(() => { if (performance.now() - this.moved > stalledAfter) this.tell(true); }, 1000);
    this.moved = performance.now();
    try {
      await new Promise((resolve, reject) => {
        this.end = reject;
        uppy.on("upload-success", resolve);
        uppy.on("upload-error", (_file, fault) => reject(inWords(fault)));
        uppy.upload().catch((fault) => reject(inWords(fault)));
      });
    } finally {
      clearInterval(watch);
      this.end = null;
      uppy.destroy();
    }
  }

  /** Ask for an upload, unless one is open that can be sent to; what has arrived of it stays. */
  async begin() {
    const isOpen = this.fileId && (this.inParts || new Date(this.ticket.expiresAt) > Date.now());
    if (!isOpen) {
      const asked = this.inParts ? { ...this.request, multipart: { partSizeBytes: this.partSize } } : this.request;
      this.ticket = await post("/analytics/files/upload", asked);
      this.fileId = this.ticket.id;
      if (this.inParts) remember(this.fileId, this.file, this.request.datasetType);
    }
    if (this.inParts) await this.readParts();
    return { method: "PUT", url: this.ticket?.uploadUrl, headers: this.ticket?.uploadHeaders };
  }

  async readParts() {
    const { partSizeBytes, arrived, parts } = await ask(`/analytics/files/${this.fileId}/parts`);
    this.partSize = partSizeBytes;
    this.arrived = arrived.map((part) => ({ PartNumber: part.partNumber, Size: part.sizeBytes, ETag: part.etag }));
    this.urls = new Map(parts.map((part) => [part.partNumber, part.uploadUrl]));
  }

  /** Return where a part goes. A URL is used once: by the second try it may have run out. */
  async sign(number) {
    if (!this.urls.has(number)) await this.readParts();
    const url = this.urls.get(number);
    this.urls.delete(number);
    return { url };
  }

  tell(isWaiting = false) {
    const now = performance.now();
    if (this.state !== "sending" || (!isWaiting && now - (this.told ?? 0) < 250)) return;
    this.told = now;
    const before = this.marks.at(-1)?.[1];
    if (before !== this.sent) this.moved = now;
    this.marks.push([now, this.sent]);
    // The speed of the last five seconds: steady to read, and quick to see a change.
    while (this.marks.length > 2 && now - this.marks[0][0] > 5000) this.marks.shift();
    const [then, first] = this.marks[0];
    const speed = now > then ? Math.max(0, ((this.sent - first) * 1000) / (now - then)) : 0;
    this.onProgress({ sent: this.sent, size: this.file.size, speed, isWaiting });
  }
}

/** Return a fault of Uppy in words; whether trying again may help stands in `isTransient`. */
function inWords(fault) {
  const status = fault.source?.status;
  if (fault.isTransient !== undefined || status === undefined) return fault.message.includes("undefined URL") ? Object.assign(fault, { isTransient: true }) : fault;
  const words = status ? said.storageAnswered(status) : said.connectionBroke;
  // A URL that ran out answers 403: the next try asks for a fresh one.
  return Object.assign(new Error(words), { isTransient: status === 0 || status === 403 || status >= 500 });
}

import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient } from './api-client.js';
import { type SetDocument } from './judged-set.js';
import { type Progress } from './progress.js';

/** Requests on their way at the same time. */
const CONCURRENCY = 8;
/** Attached together: the first are indexed while the last are still on their way. */
const FILES_PER_BATCH = 100;
const POLL_MS = 500;
/** Nothing more is expected of a knowledge base whose counts have stood still for so long. */
const STALLED_MS = 180_000;
const METADATA_KEY = 'parley_eval';

/** One text to index, and the ids of all documents that consist of just this text. */
export interface CorpusText {
  content: string;
  documentIds: string[];
}

interface Store {
  id: string;
  metadata: Record<string, string>;
  file_counts: { in_progress: number; completed: number; failed: number; total: number };
}

interface StoreFile {
  id: string;
  parley: { error_code: string | null };
}

export interface IndexedCorpus {
  vectorStoreId: string;
  texts: CorpusText[];
  isReused: boolean;
  indexingMs: number;
  /** How many texts could not be indexed, by the code of the reason; `no_text` is an empty document. */
  failures: Record<string, number>;
  /** Uploaded files; empty when the corpus was there already. */
  fileIds: string[];
}

/** Texts that stand in several documents are indexed once, as the installation would do by itself. */
export function corpusTexts(documents: readonly SetDocument[]): CorpusText[] {
  const texts = new Map<string, CorpusText>();
  for (const { id, title, text } of documents) {
    const content = [title, text].filter((part) => part.trim() !== '').join('\n\n');
    const known = texts.get(content);
    if (known) known.documentIds.push(id);
    else texts.set(content, { content, documentIds: [id] });
  }
  return [...texts.values()];
}

/** The file name says which text it is, so that nothing has to be remembered for the next run. */
export function filenameOf(position: number): string {
  return `${String(position).padStart(7, '0')}.txt`;
}

/** The documents that a file of this corpus stands for. */
export function documentsOf(filename: string, texts: readonly CorpusText[]): string[] {
  return texts[Number.parseInt(filename, 10)]?.documentIds ?? [];
}

export interface IndexOptions {
  name: string;
  /** An identical corpus that was indexed before is as good. */
  mayReuse: boolean;
  deadlineMs: number;
  signal: AbortSignal;
}

/** Uploads every text as a file, attaches them in batches, and waits until all are indexed or have failed. */
export async function indexCorpus(
  api: ApiClient,
  documents: readonly SetDocument[],
  progress: Progress,
  { name, mayReuse, deadlineMs, signal }: IndexOptions,
): Promise<IndexedCorpus> {
  const texts = corpusTexts(documents);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(texts.map(({ content }) => content)))
    .digest('hex');
  const known = mayReuse ? await findIndexed(api, fingerprint, texts.length) : null;
  if (known) {
    progress.say(`${name}: ${texts.length} texts are indexed already (${known.id})`);
    const failures = await failuresOf(api, known.id);
    return { vectorStoreId: known.id, texts, isReused: true, indexingMs: 0, failures, fileIds: [] };
  }
  const startedAt = performance.now();
  const metadata = { [METADATA_KEY]: fingerprint };
  const store = await api.post<Store>('/v1/vector_stores', { name: `Evaluation: ${name}`.slice(0, 256), metadata });
  const fileIds: string[] = [];
  const isWaitedFor = Promise.all([
    upload(api, store.id, texts, fileIds),
    waitUntilIndexed(api, store.id, texts.length, { name, deadlineMs, signal, progress, fileIds }),
  ]);
  try {
    await isWaitedFor;
  } catch (error) {
    await removeCorpus(api, { vectorStoreId: store.id, fileIds }).catch(() => undefined);
    throw error;
  }
  const indexingMs = performance.now() - startedAt;
  return {
    vectorStoreId: store.id,
    texts,
    isReused: false,
    indexingMs,
    failures: await failuresOf(api, store.id),
    fileIds,
  };
}

/** Takes back what `indexCorpus` has made. */
export async function removeCorpus(
  api: ApiClient,
  { vectorStoreId, fileIds }: Pick<IndexedCorpus, 'vectorStoreId' | 'fileIds'>,
): Promise<void> {
  await api.forget(`/v1/vector_stores/${vectorStoreId}`);
  await inParallel(fileIds, (id) => api.forget(`/v1/files/${id}`));
}

/** A finished one; what an interrupted run has left is not used. */
async function findIndexed(api: ApiClient, fingerprint: string, total: number): Promise<Store | null> {
  for (let after = ''; ;) {
    const page = await api.get<{ data: Store[]; has_more: boolean }>(`/v1/vector_stores?limit=100${after}`);
    const found = page.data.find(
      ({ metadata, file_counts: counts }) =>
        metadata[METADATA_KEY] === fingerprint && counts.in_progress === 0 && counts.total === total,
    );
    if (found) return found;
    const last = page.data.at(-1);
    if (!page.has_more || !last) return null;
    after = `&after=${last.id}`;
  }
}

async function upload(api: ApiClient, storeId: string, texts: CorpusText[], fileIds: string[]): Promise<void> {
  let uploaded: string[] = [];
  const attach = async () => {
    const batch = uploaded;
    uploaded = [];
    if (batch.length > 0) await api.post(`/v1/vector_stores/${storeId}/file_batches`, { file_ids: batch });
  };
  await inParallel([...texts.keys()], async (position) => {
    const form = new FormData();
    form.append('purpose', 'assistants');
    form.append('file', new Blob([texts[position]!.content], { type: 'text/plain' }), filenameOf(position));
    const { id } = await api.post<{ id: string }>('/v1/files', form);
    fileIds.push(id);
    if (uploaded.push(id) === FILES_PER_BATCH) await attach();
  });
  await attach();
}

interface Waiting {
  name: string;
  deadlineMs: number;
  signal: AbortSignal;
  progress: Progress;
  /** Grows while files are uploaded. */
  fileIds: readonly string[];
}

async function waitUntilIndexed(api: ApiClient, storeId: string, total: number, waiting: Waiting): Promise<void> {
  const { name, deadlineMs, signal, progress, fileIds } = waiting;
  const deadline = performance.now() + deadlineMs;
  let known = '';
  let changedAt = performance.now();
  for (;;) {
    const { file_counts: counts } = await api.get<Store>(`/v1/vector_stores/${storeId}`);
    const done = counts.total - counts.in_progress;
    progress.step(`${name}: uploaded ${fileIds.length}, indexed`, done, total);
    if (counts.total === total && counts.in_progress === 0) return;
    const state = `${fileIds.length} ${counts.total} ${done}`;
    if (state !== known) changedAt = performance.now();
    known = state;
    const now = performance.now();
    if (now > deadline) throw new Error(`${name}: only ${done} of ${total} texts were indexed before the deadline.`);
    if (now - changedAt > STALLED_MS) {
      throw new Error(`${name}: indexing stands still at ${done} of ${total} texts for ${STALLED_MS / 1000} s.`);
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

async function failuresOf(api: ApiClient, storeId: string): Promise<Record<string, number>> {
  const failures: Record<string, number> = {};
  for (let after = ''; ;) {
    const path = `/v1/vector_stores/${storeId}/files?filter=failed&limit=100${after}`;
    const page = await api.get<{ data: StoreFile[]; has_more: boolean }>(path);
    for (const { parley } of page.data) {
      const code = parley.error_code ?? 'unknown';
      failures[code] = (failures[code] ?? 0) + 1;
    }
    const last = page.data.at(-1);
    if (!page.has_more || !last) return failures;
    after = `&after=${last.id}`;
  }
}

/** The first failure stops the others from starting more. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].reverse();
  const worker = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
      try {
        await work(item);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

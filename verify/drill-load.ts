import { createHash } from 'node:crypto';
import { type Suite } from '../e2e/support/suite.js';

const AT_ONCE = 4;
const DEADLINE_MS = 60_000;

/** Something that the API said is done. */
export interface Acknowledged {
  kind: 'file' | 'question';
  /** In the name of the file or the text of the question: `drill-17`. */
  marker: string;
  /** Of a file's content. */
  sha256: string | null;
  begunAt: number;
  acknowledgedAt: number;
}

/** A bounded number of uploads and questions, some at once, and what was acknowledged when. */
export class DrillLoad {
  readonly acknowledged: Acknowledged[] = [];
  #begun = 0;

  readonly #suite: Suite;
  readonly #count: number;

  constructor(suite: Suite, count: number) {
    this.#suite = suite;
    this.#count = count;
  }

  get share(): number {
    return this.#begun / this.#count;
  }

  /** Until all is done. @throws when anything is refused */
  async run(): Promise<void> {
    const { id: store } = await this.#post<{ id: string }>('/v1/vector_stores', { name: 'drill' });
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work(store)));
  }

  async #work(store: string): Promise<void> {
    while (this.#begun < this.#count) {
      const marker = `drill-${++this.#begun}`;
      const content = `${marker}: the warranty of product ${marker} lasts ${this.#begun} years. ${'More about it. '.repeat(200)}`;
      const sha256 = createHash('sha256').update(content).digest('hex');
      const form = new FormData();
      form.append('purpose', 'assistants');
      form.append('file', new Blob([content]), `${marker}.txt`);
      const { id } = await this.#noted({ kind: 'file', marker, sha256 }, () =>
        this.#post<{ id: string }>('/v1/files', form),
      );
      await this.#post(`/v1/vector_stores/${store}/files`, { file_id: id });
      const messages = [{ role: 'user', content: `${marker}: how long does the warranty last?` }];
      await this.#noted({ kind: 'question', marker, sha256: null }, () =>
        this.#post('/v1/chat/completions', { model: 'stub-chat', messages, store: true }),
      );
    }
  }

  async #noted<T>(what: Pick<Acknowledged, 'kind' | 'marker' | 'sha256'>, work: () => Promise<T>): Promise<T> {
    const begunAt = Date.now();
    const result = await work();
    this.acknowledged.push({ ...what, begunAt, acknowledgedAt: Date.now() });
    return result;
  }

  async #post<T>(path: string, body: object): Promise<T> {
    const isForm = body instanceof FormData;
    const response = await fetch(this.#suite.baseUrl + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#suite.apiKey}`,
        ...(isForm ? {} : { 'content-type': 'application/json' }),
      },
      body: isForm ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}

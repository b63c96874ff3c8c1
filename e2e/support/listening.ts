/** What was received of a streamed completion. */
export interface Heard {
  /** Of the HTTP response; null where none came. */
  status: number | null;
  text: string;
  lastId: string | null;
  runId: string | null;
  isDone: boolean;
  error: string | null;
  /** Of the tools that Parley runs itself: name and state. */
  steps: string[];
}

/** What has been received of a stream so far, and its end: also that of a connection that broke. */
export class Listening {
  readonly heard: Heard = {
    ...{ status: null, text: '', lastId: null, runId: null, isDone: false, error: null },
    steps: [],
  };
  readonly ended: Promise<Heard>;
  readonly #abort = new AbortController();

  /**
   * @param fetching of the stream, with a signal that ends it
   * @param reading what is waited for before anything is read
   */
  constructor(fetching: (signal: AbortSignal) => Promise<Response>, reading: Promise<unknown> = Promise.resolve()) {
    this.ended = this.#read(fetching(this.#abort.signal), reading).catch(() => this.heard);
  }

  /** Goes away in the middle of it, as a closed tab does. */
  leave(): Promise<Heard> {
    this.#abort.abort();
    return this.ended;
  }

  async #read(response: Promise<Response>, reading: Promise<unknown>): Promise<Heard> {
    const { status, body, headers } = await response;
    this.heard.status = status;
    await reading;
    if (headers.get('content-type')?.includes('json')) {
      const problem = (await (await response).json()) as { code?: string; error?: { code: string } };
      this.heard.error = problem.error?.code ?? problem.code ?? null;
      return this.heard;
    }
    let rest = '';
    for await (const part of body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + part).split('\n\n');
      rest = frames.pop()!;
      for (const frame of frames) this.#take(frame);
    }
    return this.heard;
  }

  #take(frame: string): void {
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    if (data === undefined) return;
    if (data === '[DONE]') return void (this.heard.isDone = true);
    const chunk = JSON.parse(data);
    this.heard.error = chunk.error?.code ?? null;
    this.heard.text += chunk.choices?.[0]?.delta.content ?? '';
    const step = chunk.parley?.server_tool;
    if (step) this.heard.steps.push(`${step.name} ${step.state}`);
    this.heard.runId ??= chunk.parley?.run_id ?? null;
    this.heard.lastId = /^id: (\d+)$/m.exec(frame)?.[1] ?? this.heard.lastId;
  }
}

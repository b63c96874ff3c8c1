export interface StreamedAnswer {
  text: string;
  /** From the request to the first piece of text. */
  firstTokenMs: number;
  totalMs: number;
  chunks: number;
  /** Whether the stream said that it is over, instead of just ending. */
  isComplete: boolean;
}

interface Chunk {
  choices?: { delta?: { content?: string | null } }[];
  error?: { message: string };
}

const MAX_LINE_CHARACTERS = 1 << 20;

/** Reads the events of a chat completion. @throws Error that the stream tells */
export async function readAnswer(body: ReadableStream<Uint8Array>, startedAt: number): Promise<StreamedAnswer> {
  const answer: StreamedAnswer = { text: '', firstTokenMs: 0, totalMs: 0, chunks: 0, isComplete: false };
  for await (const data of eventsOf(body)) {
    if (data === '[DONE]') answer.isComplete = true;
    else take(JSON.parse(data) as Chunk, answer, startedAt);
  }
  answer.totalMs = performance.now() - startedAt;
  return answer;
}

function take({ choices, error }: Chunk, answer: StreamedAnswer, startedAt: number): void {
  if (error) throw new Error(`The answer broke off: ${error.message}`);
  const content = choices?.[0]?.delta?.content;
  if (!content) return;
  if (answer.chunks === 0) answer.firstTokenMs = performance.now() - startedAt;
  answer.chunks += 1;
  answer.text += content;
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    if (rest.length > MAX_LINE_CHARACTERS) throw new Error('The answer is no event stream.');
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim();
  }
}
